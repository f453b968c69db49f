# SPDX-License-Identifier: Apache-2.0
# An action loop in Ruby.
require 'json'

def action(name)
  raise 'no such name' if name == 'wrong'

  puts "out: #{name}"
  $stderr.write("err: #{name}\n")
  { greeting: "Hello, #{name}!" }
end

out = IO.new(3, 'w')
out.sync = true
$stdout.sync = true
out.write("{\"ok\":true}\n") if ENV['__OW_WAIT_FOR_ACK']
while (line = $stdin.gets)
  begin
    result = action(JSON.parse(line)['value']['name'])
  rescue StandardError => e
    result = { error: e.message }
  end
  out.write("#{JSON.generate(result)}\n")
end
