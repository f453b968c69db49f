<?php
// SPDX-License-Identifier: Apache-2.0
// An action loop in PHP.
function action($name)
{
    if ($name === 'wrong')
        throw new Exception('no such name');
    fwrite(STDOUT, "out: $name\n");
    fwrite(STDERR, "err: $name\n");
    return ['greeting' => "Hello, $name!"];
}

$out = fopen('php://fd/3', 'wb');
if (getenv('__OW_WAIT_FOR_ACK'))
    fwrite($out, "{\"ok\":true}\n");
while (($line = fgets(STDIN)) !== false) {
    try {
        $result = action(json_decode($line, true)['value']['name']);
    } catch (Exception $failure) {
        $result = ['error' => $failure->getMessage()];
    }
    fwrite($out, json_encode($result) . "\n");
}
