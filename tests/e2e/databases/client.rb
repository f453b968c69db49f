# SPDX-License-Identifier: Apache-2.0
# A function that asks a database with the gems pg, mysql2 and redis: GET /SYSTEM/WHAT; databases.py says what for.
require 'json'
require 'socket'

SETTINGS = JSON.parse(ENV['DATABASE'])
SECRET = SETTINGS['secret']

def failing
  yield
  raise 'it did not fail'
rescue StandardError => e
  raise if e.message == 'it did not fail'

  e.class.name
end

def password(what)
  what == 'stranger' ? "not #{SETTINGS['password']}" : SETTINGS['password']
end

def postgresql(what)
  require 'pg'
  options = { host: what == 'unix' ? SETTINGS['folder'] : '127.0.0.1', port: SETTINGS['port'], user: SETTINGS['user'],
              password: password(what), dbname: SETTINGS['database'], sslmode: what == 'tls' ? 'require' : 'disable',
              gssencmode: 'disable' }
  return failing { PG.connect(**options) } if what == 'stranger'

  client = PG.connect(**options)
  case what
  when 'simple', 'tls', 'unix' then client.exec("SELECT '#{SECRET}'").to_a
  when 'values' then client.exec_params('SELECT $1::text', [SECRET]).to_a
  when 'prepared'
    client.prepare('mine', 'SELECT $1::text')
    2.times { client.exec_prepared('mine', [SECRET]) }
  when 'failing' then failing { client.exec("SELECT * FROM nowhere WHERE a = '#{SECRET}'") }
  when 'late' then failing { client.exec('SELECT 1 / (1000 - n) FROM generate_series(1, 1000) AS n') }
  when 'transaction'
    client.transaction do |inside|
      inside.exec('CREATE TEMPORARY TABLE t (a text)')
      inside.exec_params('INSERT INTO t VALUES ($1)', [SECRET])
    end
  when 'copy'
    client.exec('CREATE TEMPORARY TABLE t (a text)')
    client.copy_data('COPY t FROM STDIN') { 2000.times { |n| client.put_copy_data("#{SECRET} #{n}\n") } }
    client.copy_data('COPY t TO STDOUT') { while client.get_copy_data; end }
  when 'large' then client.exec("SELECT repeat('x', 1000) FROM generate_series(1, 2000)").to_a
  end
  client.close
end

def mysql(what)
  require 'mysql2'
  where = what == 'unix' ? { socket: SETTINGS['socket'] } : { host: '127.0.0.1', port: SETTINGS['port'] }
  options = { **where, username: SETTINGS['user'], password: password(what), database: SETTINGS['database'],
              **(what == 'tls' ? { sslca: SETTINGS['cert'], sslverify: true } : {}) }
  return failing { Mysql2::Client.new(**options) } if what == 'stranger'

  client = Mysql2::Client.new(**options)
  case what
  when 'simple', 'tls', 'unix' then client.query("SELECT '#{SECRET}'").to_a
  when 'prepared'
    statement = client.prepare('SELECT ?')
    2.times { statement.execute(SECRET).to_a }
    statement.close
  when 'failing' then failing { client.query("SELECT * FROM nowhere WHERE a = '#{SECRET}'") }
  when 'late' then failing { client.query('SELECT IF(seq < 900, seq, (SELECT 1 UNION SELECT 2)) FROM seq_1_to_1000').to_a }
  when 'transaction'
    ['START TRANSACTION', 'CREATE TEMPORARY TABLE t (a text)', "INSERT INTO t VALUES ('#{SECRET}')", 'COMMIT'].each { |sql| client.query(sql) }
  when 'large' then client.query("SELECT REPEAT('x', 1000) FROM seq_1_to_2000").to_a
  when 'another'
    client.select_db('mysql')
    client.query('SELECT 1').to_a
  end
  client.close
end

def redis(what)
  require 'redis'
  where = case what
          when 'unix' then { path: SETTINGS['socket'] }
          when 'tls' then { host: '127.0.0.1', port: SETTINGS['tls_port'], ssl: true, ssl_params: { ca_file: SETTINGS['cert'] } }
          else { host: '127.0.0.1', port: SETTINGS['port'] }
          end
  client = Redis.new(**where, password: SETTINGS['password'], db: what == 'another' ? 3 : 0)
  case what
  when 'simple', 'another'
    client.set('key', SECRET)
    client.get('key')
  when 'tls', 'unix' then client.set('key', SECRET)
  when 'failing'
    client.set('key', SECRET)
    failing { client.lpush('key', SECRET) }
  when 'pipeline' then client.pipelined { |all| all.set('a', SECRET) && all.get('a') && all.del('a') }
  when 'same' then client.pipelined { |all| all.set('a', SECRET) && all.set('b', SECRET) }
  when 'multi' then client.multi { |all| all.set('a', SECRET) && all.incr('n') }
  when 'large'
    client.set('large', 'x' * 1_000_000)
    client.get('large').size
  when 'script' then failing { client.eval("return redis.error_reply('#{SECRET} is wrong')") }
  end
  client.close
end

server = TCPServer.new('127.0.0.1', 0)
puts "port #{server.addr[1]}"
$stdout.flush
system = nil
until system == 'exit'
  connection = server.accept
  _, system, what = connection.gets.split[1].split('/')
  nil until connection.gets.strip.empty?
  begin
    send(system, what) unless system == 'exit'
    status, text = '200 OK', 'null'
  rescue StandardError => e
    status, text = '500 Internal Server Error', e.full_message
  end
  connection.write("HTTP/1.1 #{status}\r\nConnection: close\r\nContent-Length: #{text.bytesize}\r\n\r\n#{text}")
  connection.close
end
