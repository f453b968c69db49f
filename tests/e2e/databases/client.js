// SPDX-License-Identifier: Apache-2.0
// A function that asks a database with a client from npm: GET /SYSTEM/WHAT; ../databases.py says what for.
'use strict';
const fs = require('node:fs');
const http = require('node:http');
const { createRequire } = require('node:module');
const { pipeline } = require('node:stream/promises');
const { Readable } = require('node:stream');

const from = createRequire(`${process.env.CLIENTS}/x.js`);
const settings = JSON.parse(process.env.DATABASE);
const secret = settings.secret;
const tls = () => ({ ca: fs.readFileSync(settings.cert), servername: 'localhost' });

async function failing(promise) {
  try { await promise; } catch (error) { return String(error.code || error.message); }
  throw new Error('it did not fail');
}

async function postgresql(what) {
  const { Client } = from('pg');
  const client = new Client({
    host: what === 'unix' ? settings.folder : '127.0.0.1', port: settings.port, user: settings.user,
    password: what === 'stranger' ? `not ${settings.password}` : settings.password, database: settings.database,
    ssl: what === 'tls' && tls(),
  });
  client.on('error', () => {});
  if (what === 'stranger') return failing(client.connect());
  await client.connect();
  const ask = (text, values) => client.query({ text, values });
  const does = {
    simple: () => ask(`SELECT '${secret}'`),
    values: () => ask('SELECT $1::text', [secret]),
    async prepared() {
      const one = (value) => client.query({ name: 'mine', text: 'select $1::text', values: [value] });
      await one(secret);
      await one(secret);
    },
    failing: () => failing(ask(`SELECT * FROM nowhere WHERE a = '${secret}'`)),
    late: () => failing(ask('SELECT 1 / (1000 - n) FROM generate_series(1, 1000) AS n')),
    async transaction() {
      await ask('BEGIN');
      await ask('CREATE TEMPORARY TABLE t (a text)');
      await ask('INSERT INTO t VALUES ($1)', [secret]);
      await ask('COMMIT');
    },
    async copy() {
      await ask('CREATE TEMPORARY TABLE t (a text)');
      const { from: copyFrom, to: copyTo } = from('pg-copy-streams');
      const rows = Array.from({ length: 2000 }, (_, n) => `${secret} ${n}\n`);
      await pipeline(Readable.from(rows), client.query(copyFrom('COPY t FROM STDIN')));
      let count = 0;
      const out = client.query(copyTo('COPY t TO STDOUT'));
      for await (const chunk of out) count += chunk.length;
      return count;
    },
    async notified() {
      await ask('LISTEN mine');
      const came = new Promise((resolve) => { client.on('notification', resolve); });
      const other = new Client({ host: '127.0.0.1', port: settings.port, user: settings.user,
        password: settings.password, database: settings.database });
      await other.connect();
      await other.query(`NOTIFY mine, '${secret}'`);
      await came;
      await other.end();
    },
    large: async () => (await ask("SELECT repeat('x', 1000) FROM generate_series(1, 2000)")).rows.length,
    tls: () => ask(`SELECT '${secret}'`),
    unix: () => ask(`SELECT '${secret}'`),
  };
  const done = await does[what]();
  await client.end();
  return done;
}

async function mysql(what) {
  const { createConnection } = from('mysql2/promise');
  const open = createConnection({
    ...(what === 'unix' ? { socketPath: settings.socket } : { host: '127.0.0.1', port: settings.port }),
    user: settings.user, password: what === 'stranger' ? `not ${settings.password}` : settings.password,
    database: settings.database, compress: what === 'compressed', ...(what === 'tls' && { ssl: tls() }),
  });
  if (what === 'stranger') return failing(open);
  const client = await open;
  const does = {
    simple: () => client.query(`SELECT '${secret}'`),
    async prepared() {
      await client.execute('SELECT ?', [secret]);
      await client.execute('SELECT ?', [secret]);
    },
    failing: () => failing(client.query(`SELECT * FROM nowhere WHERE a = '${secret}'`)),
    late: () => failing(client.query(
      'SELECT IF(seq < 900, seq, (SELECT 1 UNION SELECT 2)) FROM seq_1_to_1000')),
    async transaction() {
      await client.beginTransaction();
      await client.query('CREATE TEMPORARY TABLE t (a text)');
      await client.query('INSERT INTO t VALUES (?)', [secret]);
      await client.commit();
    },
    large: async () => (await client.query("SELECT REPEAT('x', 1000) FROM seq_1_to_2000"))[0].length,
    compressed: () => client.query(`SELECT '${secret}', REPEAT('x', 100000)`),
    tls: () => client.query(`SELECT '${secret}'`),
    unix: () => client.query(`SELECT '${secret}'`),
  };
  const done = await does[what]();
  await client.end();
  return what === 'failing' || what === 'late' || what === 'large' ? done : null;
}

async function redis(what) {
  if (what === 'resp3') {
    const client = from('redis').createClient({
      RESP: 3, password: settings.password, socket: { host: '127.0.0.1', port: settings.port } });
    await client.connect();
    await client.set('key', secret);
    await client.get('key');
    return client.close();
  }
  const Client = from('ioredis');
  const options = {
    ...(what === 'unix' ? { path: settings.socket } : { host: '127.0.0.1', port: what === 'tls' ? settings.tls_port : settings.port }),
    password: settings.password, maxRetriesPerRequest: 0, ...(what === 'tls' && { tls: tls() }),
  };
  const client = new (Client.default || Client)(options);
  client.on('error', () => {});
  const does = {
    async simple() {
      await client.set('key', secret);
      return (await client.get('key')).length;
    },
    failing: async () => { await client.set('key', secret); return failing(client.lpush('key', secret)); },
    pipeline: () => client.pipeline().set('a', secret).get('a').del('a').exec(),
    same: () => client.pipeline().set('a', secret).set('b', secret).exec(),
    multi: () => client.multi().set('a', secret).incr('n').exec(),
    changes: () => client.multi().set('a', secret).set('b', secret).exec(),
    async published() {
      const other = new (Client.default || Client)(options);
      await other.subscribe('mine');
      const came = new Promise((resolve) => { other.on('message', resolve); });
      await client.publish('mine', secret);
      await came;
      other.disconnect();
    },
    large: async () => { await client.set('large', 'x'.repeat(1000000)); return (await client.get('large')).length; },
    script: () => failing(client.eval(`return redis.error_reply('${secret} is wrong')`, 0)),
    tls: () => client.set('key', secret),
    unix: () => client.set('key', secret),
  };
  const done = await does[what]();
  await client.quit();
  return done;
}

const systems = { postgresql, mysql, redis, exit: () => { setTimeout(() => process.exit(0), 10); } };

const server = http.createServer(async (request, response) => {
  const [, system, what] = request.url.split('/');
  try {
    response.end(JSON.stringify(await systems[system](what) ?? null));
  } catch (error) {
    response.statusCode = 500;
    response.end(String(error.stack));
  }
});
server.listen(0, '127.0.0.1', () => console.log(`port ${server.address().port}`));
