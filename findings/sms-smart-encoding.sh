#!/bin/sh
# The "smart encoding" of Twilio's calculator of SMS segments makes some texts longer.
#
# Its purpose is to replace characters outside GSM 03.38 by ones inside, so that a text takes fewer
# segments. A no-break space could become a space. It becomes two, and a tab seven.
#
# Seen with sms-segments-calculator 1.3.0: a text of 160 characters, one of which is a no-break
# space, has 161 after smart encoding and takes two segments, where a common space would take one.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --prefix . sms-segments-calculator@1.3.0 >/dev/null

cat >main.cjs <<'EOF'
const { SegmentedMessage } = require("sms-segments-calculator");

const spaces = { space: " ", "no-break space": "\u00a0", "narrow no-break space": "\u202f",
  "thin space": "\u2009", tab: "\t" };
for (const [name, space] of Object.entries(spaces)) {
  const text = "x".repeat(80) + space + "x".repeat(79);
  const message = new SegmentedMessage(text, "auto", true);
  console.log(`${name}: ${text.length} characters become ${message.numberOfCharacters}, ` +
    `${message.encodingName}, segments: ${message.segmentsCount}`);
}
EOF
node main.cjs | tee seen

cat >expected <<'EOF'
space: 160 characters become 160, GSM-7, segments: 1
no-break space: 160 characters become 161, GSM-7, segments: 2
narrow no-break space: 160 characters become 161, GSM-7, segments: 2
thin space: 160 characters become 161, GSM-7, segments: 2
tab: 160 characters become 166, GSM-7, segments: 2
EOF
diff expected seen
