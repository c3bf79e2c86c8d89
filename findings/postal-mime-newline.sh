#!/bin/sh
# postal-mime appends a byte to attachments that are not in base64, and drops carriage returns.
#
# RFC 2046 §5.1.1: the line end before a boundary belongs to the boundary, not to the part. Below is
# a message with one attachment of the seven bytes "a", CR, LF, "b", CR, LF, "c", in each encoding
# that can hold them.
#
# Seen with postal-mime 4.0.0: only base64 comes out as it was. Quoted-printable gets a line feed at
# the end; 7bit and binary get it, too, and lose each CR.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --prefix . postal-mime@4.0.0 >/dev/null

cat >main.mjs <<'EOF'
import PostalMime from "postal-mime";

const bodies = {
  base64: "YQ0KYg0KYw==",
  "quoted-printable": "a=0D=0Ab=0D=0Ac",
  "7bit": "a\r\nb\r\nc",
  binary: "a\r\nb\r\nc",
};
for (const [encoding, body] of Object.entries(bodies)) {
  const mail = [
    "From: ada@example.com", "To: grace@example.com", "MIME-Version: 1.0",
    'Content-Type: multipart/mixed; boundary="b"', "",
    "--b", "Content-Type: text/plain", "", "See the file.",
    "--b", "Content-Type: application/octet-stream",
    'Content-Disposition: attachment; filename="f"',
    "Content-Transfer-Encoding: " + encoding, "", body,
    "--b--", "",
  ].join("\r\n");
  const parsed = await PostalMime.parse(mail);
  const bytes = Buffer.from(parsed.attachments[0].content);
  console.log(encoding + ": " + bytes.toString("hex"));
}
EOF
node main.mjs | tee seen

cat >expected <<'EOF'
base64: 610d0a620d0a63
quoted-printable: 610d0a620d0a630a
7bit: 610a620a630a
binary: 610a620a630a
EOF
diff expected seen
