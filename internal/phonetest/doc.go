// Package phonetest holds otpsms.Normalize against libphonenumber, in its port to Go. Folder
// generate makes the table that Normalize goes by.
package phonetest
