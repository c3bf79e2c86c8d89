// Package recipes is the code of the recipes in docs: each file is one page, and its test runs it.
//
// The recipes are plain functions. Package otphttp has handlers and pages that do the same.
package recipes
