// SPDX-License-Identifier: Apache-2.0
//! A function on AWS's Rust client of the Lambda Runtime API: does what its event says.
use lambda_runtime::streaming::{channel, Body};
use lambda_runtime::{Error, FunctionResponse, LambdaEvent, StreamResponse};
use serde_json::{json, Value};
use std::time::Duration;

fn stream(parts: u64, fails: bool) -> StreamResponse<Body> {
    let (mut to, body) = channel();
    tokio::spawn(async move {
        for i in 0..parts {
            if to.send_data(format!("part {i};").into()).await.is_err() {
                return;
            }
        }
        if fails {
            to.abort();
        }
    });
    StreamResponse::from(body)
}

async fn handle(event: LambdaEvent<Value>) -> Result<FunctionResponse<Value, Body>, Error> {
    let event = event.payload;
    let fails = event.get("error").is_some();
    if let Some(parts) = event.get("parts").and_then(Value::as_u64) {
        return Ok(FunctionResponse::StreamingResponse(stream(parts, fails)));
    }
    if fails {
        return Err("the event is to fail".into());
    }
    if let Some(file) = event.get("hang").and_then(Value::as_str) {
        std::fs::write(file, std::process::id().to_string())?;
        tokio::time::sleep(Duration::from_secs(600)).await;
    }
    let bytes = event.get("answer_bytes").and_then(Value::as_u64).unwrap_or(0);
    let pad = "x".repeat(bytes as usize);
    Ok(FunctionResponse::BufferedResponse(json!({ "got": event, "pad": pad })))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    if std::env::var("PROBE_FAILS").is_ok_and(|how| how == "init") {
        return Err("the init is to fail".into());
    }
    lambda_runtime::run(lambda_runtime::service_fn(handle)).await
}
