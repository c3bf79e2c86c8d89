//go:build !unix

package smtpmail

import "net"

// spoken knows of no way to find out.
func spoken(net.Conn) bool { return false }
