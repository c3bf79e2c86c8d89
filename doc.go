// Package otp
package otp
