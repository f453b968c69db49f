<?php
// SPDX-License-Identifier: Apache-2.0
// The router of `php -S`, and a CGI script; see README.md for what it answers.
if (preg_match('#^/hang/(\d+)#', $_SERVER['REQUEST_URI'], $found)) {
    fread(fsockopen('127.0.0.1', (int) $found[1]), 1);
}
header('Content-Type: text/plain');
echo 'hello ', file_get_contents('php://input'), "\n";
