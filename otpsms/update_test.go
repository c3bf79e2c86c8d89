package otpsms_test

import "flag"

var update = flag.Bool("update", false, "write testdata/messages.json anew")
