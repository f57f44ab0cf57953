//go:build tools

// Keeps the S3 server that the tests run among the dependencies of this module.
package tools

import _ "github.com/versity/versitygw/cmd/versitygw"
