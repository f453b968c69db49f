# SPDX-License-Identifier: Apache-2.0
# usage: perl daemon.pl; see README.md for what it answers.
use strict;
use warnings;
use HTTP::Daemon;
use HTTP::Response;
use IO::Socket::INET;

my $daemon = HTTP::Daemon->new(LocalAddr => '127.0.0.1', LocalPort => 0) or die $!;
while (my $client = $daemon->accept) {
    while (my $request = $client->get_request) {
        if ($request->uri->path =~ m{^/hang/(\d+)}) {
            IO::Socket::INET->new("127.0.0.1:$1")->sysread(my $never, 1);
        }
        $client->send_response(HTTP::Response->new(
            200, 'OK', ['Content-Type' => 'text/plain'], 'hello ' . $request->content . "\n"));
    }
    $client->close;
}
