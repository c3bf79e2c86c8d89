// Package phonetest holds otpsms.Normalize against libphonenumber, in its port to Go, and makes the
// table that Normalize goes by.
package phonetest
