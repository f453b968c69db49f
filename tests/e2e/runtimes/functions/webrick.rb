# SPDX-License-Identifier: Apache-2.0
# usage: ruby webrick.rb; see README.md for what it answers.
require "socket"
require "webrick"

server = WEBrick::HTTPServer.new(BindAddress: "127.0.0.1", Port: 0)
server.mount_proc "/hello" do |request, response|
  response.content_type = "text/plain"
  response.body = "hello #{request.body}\n"
end
server.mount_proc "/hang" do |request, response|
  response.body = TCPSocket.new("127.0.0.1", request.path[/\d+/]).read
end
trap("TERM") { server.shutdown }
server.start
