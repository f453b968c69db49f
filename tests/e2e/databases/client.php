<?php
// SPDX-License-Identifier: Apache-2.0
// A function that asks a database with PDO, mysqli and pgsql: GET /SYSTEM/WHAT; databases.py says what for.
declare(strict_types=1);

$settings = json_decode(getenv('DATABASE'), true);
$secret = $settings['secret'];

function failing(callable $fn): string
{
    try {
        $fn();
    } catch (Throwable $error) {
        return get_class($error);
    }
    throw new RuntimeException('it did not fail');
}

function pdo(string $dsn, string $what, array $options = []): PDO
{
    global $settings;
    $password = $what === 'stranger' ? "not {$settings['password']}" : $settings['password'];
    return new PDO($dsn, $settings['user'], $password, $options + [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
}

function asked(PDO $client, string $what, string $late, string $large): mixed
{
    global $secret;
    switch ($what) {
        case 'simple': case 'tls': case 'unix':
            return $client->query("SELECT '$secret'")->fetchAll() !== [];
        case 'prepared':
            $statement = $client->prepare('SELECT ?');
            foreach ([1, 2] as $_) {
                $statement->execute([$secret]);
                $statement->fetchAll();
            }
            return null;
        case 'failing':
            return failing(fn () => $client->query("SELECT * FROM nowhere WHERE a = '$secret'"));
        case 'late':
            return failing(fn () => $client->query($late)->fetchAll());
        case 'transaction':
            $client->beginTransaction();
            $client->exec('CREATE TEMPORARY TABLE t (a text)');
            $client->exec("INSERT INTO t VALUES ('$secret')");
            return $client->commit();
        case 'large':
            return count($client->query($large)->fetchAll());
    }
    throw new RuntimeException("what is $what?");
}

function postgresql(string $what): mixed
{
    global $settings, $secret;
    $host = $what === 'unix' ? $settings['folder'] : '127.0.0.1';
    $mode = $what === 'tls' ? 'require' : 'disable';
    $where = "host=$host port={$settings['port']} dbname={$settings['database']} sslmode=$mode gssencmode=disable";
    if ($what === 'stranger') {
        return failing(fn () => pdo("pgsql:" . strtr($where, ' ', ';'), $what));
    }
    if ($what === 'values') { // not by PDO
        $client = pg_connect("$where user={$settings['user']} password={$settings['password']}");
        return pg_fetch_all(pg_query_params($client, 'SELECT $1::text', [$secret])) !== [] && pg_close($client);
    }
    return asked(pdo('pgsql:' . strtr($where, ' ', ';'), $what), $what, 'SELECT 1 / (1000 - n) FROM generate_series(1, 1000) AS n',
        "SELECT repeat('x', 1000) FROM generate_series(1, 2000)");
}

function mysql(string $what): mixed
{
    global $settings, $secret;
    $where = $what === 'unix' ? "unix_socket={$settings['socket']}" : "host=127.0.0.1;port={$settings['port']}";
    $dsn = "mysql:$where;dbname={$settings['database']};charset=utf8mb4";
    $options = $what === 'tls' ? [PDO::MYSQL_ATTR_SSL_CA => $settings['cert'], PDO::MYSQL_ATTR_SSL_VERIFY_SERVER_CERT => false] : [];
    if ($what === 'prepared') {
        $options[PDO::ATTR_EMULATE_PREPARES] = false;
    }
    if ($what === 'stranger') {
        return failing(fn () => pdo($dsn, $what));
    }
    if ($what === 'values') { // by mysqli
        $client = new mysqli('127.0.0.1', $settings['user'], $settings['password'], $settings['database'], $settings['port']);
        $statement = $client->prepare('SELECT ?');
        $statement->bind_param('s', $secret);
        $statement->execute();
        $statement->get_result()->fetch_all();
        $statement->close();
        return $client->query('USE mysql') && $client->query('SELECT 1')->fetch_all() !== [] && $client->close();
    }
    return asked(pdo($dsn, $what, $options), $what, 'SELECT IF(seq < 900, seq, (SELECT 1 UNION SELECT 2)) FROM seq_1_to_1000',
        "SELECT REPEAT('x', 1000) FROM seq_1_to_2000");
}

$server = stream_socket_server('tcp://127.0.0.1:0');
echo 'port ', explode(':', stream_socket_get_name($server, false))[1], "\n";
for ($system = null; $system !== 'exit';) {
    $connection = stream_socket_accept($server, 60);
    [, $system, $what] = explode('/', explode(' ', fgets($connection))[1]);
    while (trim(fgets($connection)) !== '');
    try {
        [$status, $text] = ['200 OK', json_encode($system === 'exit' ? null : $system($what))];
    } catch (Throwable $error) {
        [$status, $text] = ['500 Internal Server Error', (string) $error];
    }
    fwrite($connection, "HTTP/1.1 $status\r\nConnection: close\r\nContent-Length: " . strlen($text) . "\r\n\r\n$text");
    fclose($connection);
}
