# SPDX-License-Identifier: Apache-2.0
"""Real databases of a test's own: PostgreSQL, MariaDB and Redis as Debian has them (script/peers databases).

    with databases.Postgresql() as database:
        connect("127.0.0.1", database.port, databases.USER, databases.PASSWORD)

Each runs in a folder of its own that is gone afterwards, as nobody where the test is root (PostgreSQL does not
run as root), on loopback and on a unix socket there, in memory that is bounded, and with a certificate for TLS.
"""
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from . import cases, listening, peers

LIMIT_S = 60
USER, DATABASE = "someone", "shop"
PASSWORD = "s3cr3t-password-of-someone"
NOBODY = "nobody"


def certificate(folder):
    """A certificate for localhost that is its own authority, and its key."""
    if not shutil.which("openssl"):
        cases.skip("openssl is not installed")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", cert],
                   check=True, stdin=subprocess.DEVNULL, capture_output=True)
    return cert, key


class Database:
    """One server, from ready to stopped."""
    needs = ()  # what of the packages it is made of

    def __init__(self):
        self._process = None
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="coldspan-db-"))
        try:
            self._unpack()
            self.data = self.folder / "data"
            self.data.mkdir(0o700)
            self.cert, self.key = certificate(self.folder)
            self.key.chmod(0o600)
            self._give_away()
            self.port = listening.free_port()
            self.prepare()
            self._start()
        except BaseException:
            self.close()
            raise

    def prepare(self):
        """What it does once."""

    def command(self):
        """The server in the foreground."""
        raise NotImplementedError

    def answers(self):
        """Does it take connections?"""
        with socket.socket(socket.AF_UNIX) as sock:  # the last of those that it makes
            return sock.connect_ex(str(self.socket())) == 0

    def _unpack(self):
        """Nobody may read below the home folder that the packages are in."""
        root = peers.path("databases")
        libraries = next((root / "usr/lib").glob("*-linux-gnu"))
        self.root, self.libraries = self.folder / "root", self.folder / "root" / libraries.relative_to(root)
        for name in (str(libraries.relative_to(root)), *self.needs):
            target = self.root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if (root / name).is_dir():
                shutil.copytree(root / name, target, symlinks=True, dirs_exist_ok=True,
                                ignore=shutil.ignore_patterns("bitcode", "llvmjit*", "perl5"))
            else:
                shutil.copy(root / name, target)

    def _give_away(self):
        if os.geteuid() == 0:
            owner = pwd.getpwnam(NOBODY)
            for path in (self.folder, *self.folder.rglob("*")):
                os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)

    def popen(self, command, **how):
        """A program of its, as who it runs as."""
        who = {}
        if os.geteuid() == 0:
            owner = pwd.getpwnam(NOBODY)
            who = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
        env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": str(self.folder), "TMPDIR": str(self.folder),
               "LD_LIBRARY_PATH": str(self.libraries)}
        return subprocess.Popen(command, env=env, cwd=self.folder, stderr=subprocess.STDOUT,
                                start_new_session=True, **who, **how)

    def run(self, command, text=""):
        run = self.popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            told, _ = run.communicate(text.encode(), LIMIT_S)
        finally:
            if run.poll() is None:
                run.kill()
                run.wait()
        assert run.returncode == 0, f"{command[0]} ended with {run.returncode}:\n{told.decode(errors='replace')}"

    def _start(self):
        self.log = self.folder / "log"
        with open(self.log, "wb") as log:
            self._process = self.popen(self.command(), stdin=subprocess.DEVNULL, stdout=log)
        end = time.monotonic() + LIMIT_S
        while not self.answers():
            assert self._process.poll() is None and time.monotonic() < end, self.told()
            time.sleep(0.02)

    def told(self):
        return f"{type(self).__name__} did not start:\n{self.log.read_text(errors='replace')[-2000:]}"

    def close(self):
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)  # PostgreSQL ends its sessions, the others just end
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(LIMIT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Postgresql(Database):
    needs = ("usr/lib/postgresql/15/bin/postgres", "usr/lib/postgresql/15/bin/initdb", "usr/lib/postgresql/15/lib",
             "usr/share/postgresql/15")

    def socket(self):
        return self.folder / f".s.PGSQL.{self.port}"

    def answers(self):
        return "ready to accept connections" in self.log.read_text(errors="replace")

    def prepare(self):
        at = self.root / "usr/lib/postgresql/15/bin"
        password = self.folder / "password"
        password.write_text(PASSWORD)
        password.chmod(0o644)
        self.run([at / "initdb", "-D", self.data, "-U", USER, f"--pwfile={password}", "--auth=scram-sha-256",
                  "--no-sync", "--no-locale", "-E", "UTF8"])
        self.run([at / "postgres", "--single", "-D", self.data, "postgres"], f"CREATE DATABASE {DATABASE};\n")

    def command(self):
        settings = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": self.folder,
                    "shared_buffers": "1MB", "max_connections": 20, "work_mem": "1MB", "fsync": "off",
                    "shared_memory_type": "mmap", "dynamic_shared_memory_type": "mmap", "autovacuum": "off",
                    "ssl": "on", "ssl_cert_file": self.cert, "ssl_key_file": self.key}
        return [self.root / "usr/lib/postgresql/15/bin/postgres", "-D", self.data,
                *(f"--{name}={value}" for name, value in settings.items())]


class Mariadb(Database):
    needs = ("usr/sbin/mariadbd", "usr/share/mysql")

    def socket(self):
        return self.folder / "mariadb.sock"

    def _settings(self):
        return [self.root / "usr/sbin/mariadbd", "--no-defaults", f"--datadir={self.data}",
                f"--lc-messages-dir={self.root / 'usr/share/mysql'}", "--innodb-buffer-pool-size=8M",
                "--innodb-log-file-size=4M", "--innodb-fast-shutdown=2", "--innodb-flush-log-at-trx-commit=0",
                "--key-buffer-size=1M", "--aria-pagecache-buffer-size=1M", "--performance-schema=OFF",
                "--max-connections=20", "--skip-log-bin", "--innodb-use-native-aio=0"]

    def prepare(self):
        scripts = self.root / "usr/share/mysql"
        tables = [(scripts / name).read_text() for name in ("mysql_system_tables.sql", "mysql_system_tables_data.sql",
                                                           "maria_add_gis_sp_bootstrap.sql")]
        self.run([*self._settings(), "--bootstrap"], "\n".join([
            "CREATE DATABASE mysql;", "USE mysql;", "SET @auth_root_socket=NULL;", *tables,
            f"CREATE DATABASE {DATABASE};", "FLUSH PRIVILEGES;",
            f"CREATE USER '{USER}'@'%' IDENTIFIED BY '{PASSWORD}';",
            f"GRANT ALL ON *.* TO '{USER}'@'%';", "DELETE FROM global_priv WHERE User = '';", ""]))

    def command(self):
        return [*self._settings(), "--bind-address=127.0.0.1", f"--port={self.port}", f"--socket={self.socket()}",
                f"--ssl-cert={self.cert}", f"--ssl-key={self.key}", "--local-infile=ON"]


class Redis(Database):
    needs = ("usr/bin/redis-check-rdb",)  # the same program by another name

    def socket(self):
        return self.folder / "redis.sock"

    def prepare(self):
        (self.root / "usr/bin/redis-server").symlink_to("redis-check-rdb")

    def command(self):
        self.tls_port = listening.free_port()
        return [self.root / "usr/bin/redis-server", "--bind", "127.0.0.1", "--port", str(self.port),
                "--unixsocket", self.socket(), "--unixsocketperm", "777", "--save", "", "--appendonly", "no",
                "--maxmemory", "16mb", "--requirepass", PASSWORD, "--dir", self.data,
                "--tls-port", str(self.tls_port), "--tls-cert-file", self.cert, "--tls-key-file", self.key,
                "--tls-auth-clients", "no", "--tls-ca-cert-file", self.cert]
