# SPDX-License-Identifier: Apache-2.0
# What a Rack server runs: it says whom it answers.
run(lambda do |env|
  name = env["PATH_INFO"].split("/").last
  body = env["rack.input"].read
  $stdout.syswrite("line #{name}\n")
  answer = "hello #{name} #{body.bytesize}"
  [200, { "Content-Type" => "text/plain", "Content-Length" => answer.bytesize.to_s }, [answer]]
end)
