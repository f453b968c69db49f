# SPDX-License-Identifier: Apache-2.0
# usage: ruby tcp.rb; see README.md for what it answers.
require "socket"

server = TCPServer.new("127.0.0.1", 0)
loop do
  client = server.accept
  head = client.gets("\r\n\r\n")
  length = head[/^content-length: (\d+)/i, 1].to_i
  body = length.zero? ? "" : client.read(length)
  body = TCPSocket.new("127.0.0.1", head[%r{/hang/(\d+)}, 1]).read if head.include?(" /hang/")
  body = "hello #{body}\n"
  client.write("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: #{body.bytesize}\r\n" \
               "Connection: close\r\n\r\n", body)
  client.close
end
