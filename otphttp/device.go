package otphttp

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"strings"
	"time"

	"github.com/seed-5978b5f1/otp"
)

const (
	deviceCookie = "otp-device"

	// deviceLifetime is how long a device stays known after a code was accepted on it.
	deviceLifetime = 180 * 24 * time.Hour

	// maxDeviceAccounts bounds how many accounts a device is known to. The oldest goes first.
	maxDeviceAccounts = 5
)

// devices makes and recognizes device cookies (OWASP, "Slow Down Online Guessing Attacks with
// Device Cookies"). A cookie has a mark for each account: when it was made, a nonce, and a MAC over
// both and the address.
type devices struct{ keys [][]byte }

func newDevices(keys otp.Keys) (*devices, error) {
	derived, err := subkeys(keys, "otphttp/device")
	return &devices{derived}, err
}

const markHead = 8 + 16 // time and nonce

// mark returns a new mark for the address.
func (d *devices) mark(address string) string {
	head := binary.BigEndian.AppendUint64(nil, uint64(time.Now().Unix()))
	head = append(head, make([]byte, 16)...)
	rand.Read(head[8:]) // never fails
	return base64.RawURLEncoding.EncodeToString(
		append(head, sum(d.keys[0], head, []byte(address))...))
}

// made returns when the mark was made, if it is one for the address and not too old.
func (d *devices) made(mark, address string) (made time.Time, ok bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(mark)
	if err != nil || len(raw) <= markHead {
		return time.Time{}, false
	}

	head, signature := raw[:markHead], raw[markHead:]
	made = time.Unix(int64(binary.BigEndian.Uint64(head)), 0)
	signed := append(head[:markHead:markHead], address...)
	ok = verifies(d.keys, signed, signature) && time.Now().Before(made.Add(deviceLifetime))
	return made, ok
}

// deviceGrace is how much older a mark may be than Config.DeviceSince says: it was made where the
// password was changed, say.
const deviceGrace = time.Minute

// KnowsDevice reports whether the request comes from a device that is known to the address: the
// stored one of an account.
func (f *Flow) KnowsDevice(r *http.Request, to string) bool {
	address, err := f.config.Codes.Normalize(to)
	if err != nil {
		return false
	}

	for _, mark := range f.marks(r) {
		if made, ok := f.devices.made(mark, address); ok {
			return f.deviceCounts(r, to, made)
		}
	}
	return false
}

// deviceCounts reports whether a mark that was made then is young enough for the application.
func (f *Flow) deviceCounts(r *http.Request, to string, made time.Time) bool {
	if f.config.DeviceSince == nil {
		return true
	}

	since, err := f.config.DeviceSince(r, to)
	if err != nil {
		f.config.Log.ErrorContext(r.Context(), "Config.DeviceSince failed",
			"flow", f.config.Name, "err", err)
		return false
	}
	return !made.Before(since.Add(-deviceGrace))
}

// RememberDevice makes the device known to the address: the stored one of an account. With
// Config.Devices the Flow does so itself when a code is accepted. Call it where the person has
// signed in by other means, before anything is written to w. Devices are known to all flows with
// the same Keys.
func (f *Flow) RememberDevice(w http.ResponseWriter, r *http.Request, to string) {
	address, err := f.config.Codes.Normalize(to)
	if err != nil {
		return
	}

	marks := []string{f.devices.mark(address)}
	for _, mark := range f.marks(r) {
		_, same := f.devices.made(mark, address)
		if mark != "" && !same && len(marks) < maxDeviceAccounts {
			marks = append(marks, mark)
		}
	}

	f.cookies.set(w, r, deviceCookie, strings.Join(marks, "."), int(deviceLifetime/time.Second))
}

// marks returns those of the device, the newest first, and not more than RememberDevice writes.
func (f *Flow) marks(r *http.Request) []string {
	marks := strings.SplitN(f.cookies.get(r, deviceCookie), ".", maxDeviceAccounts+1)
	return marks[:min(len(marks), maxDeviceAccounts)]
}
