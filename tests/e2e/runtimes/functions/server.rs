// SPDX-License-Identifier: Apache-2.0
// An HTTP server of the standard library alone; see README.md for what it answers.
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

fn serve(stream: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    loop {
        let (mut line, mut length) = (String::new(), 0);
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let path = line.split(' ').nth(1).unwrap_or("/").to_string();
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            match header.trim().split_once(':') {
                None => break,
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.trim().parse().unwrap_or(0)
                }
                Some(_) => (),
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        if let Some(port) = path.strip_prefix("/hang/") {
            TcpStream::connect(format!("127.0.0.1:{port}"))?.read(&mut [0; 1])?;
        }
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length:";
        write!(writer, "{head} {}\r\n\r\nhello ", length + 7)?;
        writer.write_all(&body)?;
        writer.write_all(b"\n")?;
    }
}

fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    for stream in listener.incoming() {
        let stream = stream?;
        std::thread::spawn(move || serve(stream));
    }
    Ok(())
}
