//go:build unix

package smtpmail

import (
	"net"
	"syscall"
)

// spoken reports whether the other side has said something that was not read, or closed the
// connection. It does not wait, and takes nothing out of the stream.
func spoken(conn net.Conn) bool {
	raw, err := conn.(syscall.Conn).SyscallConn()
	if err != nil {
		return true
	}

	silent := false
	err = raw.Read(func(fd uintptr) bool {
		_, _, err := syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK)
		silent = err == syscall.EAGAIN || err == syscall.EINTR
		return true
	})
	return err != nil || !silent
}
