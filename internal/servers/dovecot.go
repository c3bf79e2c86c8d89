package servers

var dovecot = program{
	name:    "Dovecot",
	address: "127.0.0.1:$port",
	script: `printf %s "$1" | sed "s#{port}#$port#g; s#{data}#$data#g" >dovecot.conf && chmod 711 .
		exec dovecot -F -c "$data/dovecot.conf"`,
	answer: "220",
}

// StartDovecot starts Dovecot with the text of a dovecot.conf, in which {port} stands for the port
// of a service that greets like SMTP, at 127.0.0.1, and {data} for a folder of its own. Address is
// host and port. Dovecot runs as root only.
//
// Its submission service gives TLS and AUTH to an SMTP server that has none: OpenSMTPD 6.8, as in
// Debian 12, cannot do TLS with OpenSSL 3.
func StartDovecot(config string) (*Server, error) { return start(dovecot, config) }
