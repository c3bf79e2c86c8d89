// Package recipes is the code of the pages in docs, which tests run.
//
// The recipes are plain functions. Package otphttp has handlers and pages that do the same.
package recipes
