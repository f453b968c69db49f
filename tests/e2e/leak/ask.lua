-- SPDX-License-Identifier: Apache-2.0
-- For wrk: each request has an id of its own, in its path, as request id and in its trace. Says "done" once
-- as many were answered as the first argument says: wrk itself knows no number, but stops at SIGINT.
local asked, answered, wanted = 0, 0, 0

function init(args)
  wanted = tonumber(args[1])
end

function request()
  asked = asked + 1
  return wrk.format("GET", string.format("/event/%08d", asked), {
    ["X-Request-Id"] = string.format("%08d", asked),
    ["traceparent"] = string.format("00-%032x-%016x-01", asked, asked),
  })
end

function response(status)
  if status ~= 200 then
    io.stderr:write("status " .. status .. "\n")
    os.exit(1)
  end
  answered = answered + 1
  if answered == wanted then
    io.stderr:write("done\n")
    wrk.thread:stop()
  end
end
