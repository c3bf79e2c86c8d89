package evp

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/dns/dnsmessage"

	"github.com/seed-5978b5f1/otp/evp/evptest"
)

// A nameServer answers queries on this machine: addresses and texts by name. Of several lists of
// addresses, each query gets the next.
type nameServer struct {
	mu        sync.Mutex
	addresses map[string][][]string
	texts     map[string][][]string // each record is a list of strings
	broken    map[string]bool
	asked     []string
}

// resolver starts the server and returns a resolver that asks nobody else.
func (n *nameServer) resolver(t *testing.T) *net.Resolver {
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, socket.Close()) })
	go n.serve(socket)

	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, socket.LocalAddr().String())
	}
	return &net.Resolver{PreferGo: true, Dial: dial}
}

func (n *nameServer) serve(socket net.PacketConn) {
	buffer := make([]byte, 1500)
	for {
		size, from, err := socket.ReadFrom(buffer)
		if err != nil {
			return
		}
		var query dnsmessage.Message
		if query.Unpack(buffer[:size]) != nil || len(query.Questions) != 1 {
			continue
		}
		reply := n.answer(query)
		if packed, err := reply.Pack(); err == nil {
			socket.WriteTo(packed, from)
		}
	}
}

func (n *nameServer) answer(query dnsmessage.Message) dnsmessage.Message {
	n.mu.Lock()
	defer n.mu.Unlock()

	question := query.Questions[0]
	name := question.Name.String()
	n.asked = append(n.asked, name)
	reply := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: query.ID, Response: true, RecursionAvailable: true},
		Questions: query.Questions,
	}
	add := func(body dnsmessage.ResourceBody) {
		header := dnsmessage.ResourceHeader{Name: question.Name, Class: question.Class}
		reply.Answers = append(reply.Answers, dnsmessage.Resource{Header: header, Body: body})
	}

	switch lists := n.addresses[name]; {
	case n.broken[name]:
		reply.RCode = dnsmessage.RCodeServerFailure
	case question.Type == dnsmessage.TypeTXT && n.texts[name] != nil:
		for _, strings := range n.texts[name] {
			add(&dnsmessage.TXTResource{TXT: strings})
		}
	case len(lists) > 0:
		for _, s := range lists[0] {
			ip := netip.MustParseAddr(s)
			if ip.Is4() && question.Type == dnsmessage.TypeA {
				add(&dnsmessage.AResource{A: ip.As4()})
			}
			if ip.Is6() && question.Type == dnsmessage.TypeAAAA {
				add(&dnsmessage.AAAAResource{AAAA: ip.As16()})
			}
		}
		if len(lists) > 1 && len(reply.Answers) > 0 {
			n.addresses[name] = lists[1:]
		}
	default:
		reply.RCode = dnsmessage.RCodeNameError
	}
	return reply
}

// A gate is the guard of the default client with a wall behind it. It notes who is let through, and
// lets nobody out.
type gate struct {
	mu  sync.Mutex
	let []string
}

var errWall = errors.New("the wall of the test")

func (g *gate) control(ctx context.Context, network, address string, c syscall.RawConn) error {
	if err := onlyPublic(ctx, network, address, c); err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.let = append(g.let, address)
	return errWall
}

// Addresses that are not public are not dialed, under whatever name and in whatever form.
func TestPrivateAddressesByName(t *testing.T) {
	for name, addresses := range map[string][]string{ // TestIsPublic has the others
		"loopback":       {"127.0.0.1"},
		"private":        {"172.16.0.1", "192.168.1.1"},
		"cloud metadata": {"169.254.169.254"},
		"IPv6 metadata":  {"fd00:ec2::254"},
		"mapped":         {"::ffff:127.0.0.1"},
		"both":           {"127.0.0.1", "::1"},
	} {
		t.Run(name, func(t *testing.T) {
			dns := &nameServer{addresses: map[string][][]string{evptest.Host + ".": {addresses}}}
			var g gate
			s := newScene()
			s.config.Client = newClient(dns.resolver(t), g.control, 5*time.Second)

			_, err := s.verify(t, s.browser.Token(address, visit))
			requireInvalid(t, StepMetadata, err)
			require.ErrorIs(t, err, errNotPublic)
			require.Empty(t, g.let)
		})
	}
}

// What a name resolved to before does not count.
func TestRebinding(t *testing.T) {
	dns := &nameServer{addresses: map[string][][]string{
		"rebinding.example.": {{"8.8.8.8"}, {"127.0.0.1"}},
		"mixed.example.":     {{"127.0.0.1", "8.8.8.8", "::1"}},
	}}
	var g gate
	client := newClient(dns.resolver(t), g.control, 5*time.Second)

	_, err := client.Get("https://rebinding.example/")
	require.ErrorIs(t, err, errWall)
	_, err = client.Get("https://rebinding.example/")
	require.ErrorIs(t, err, errNotPublic)
	require.Equal(t, []string{"8.8.8.8:443"}, g.let) // once, and not again

	_, err = client.Get("https://mixed.example/")
	require.Error(t, err)
	require.Equal(t, []string{"8.8.8.8:443", "8.8.8.8:443"}, g.let)

	_, err = client.Get("https://mixed.example:8443/")
	require.ErrorIs(t, err, errNotPublic)
	require.Len(t, g.let, 2)
}

// A client of one's own keeps and sends no cookies, either.
func TestNoCookies(t *testing.T) {
	s := newScene()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	s.config.Client.Jar = jar
	site := &url.URL{Scheme: "https", Host: evptest.Host}
	jar.SetCookies(site, []*http.Cookie{{Name: "mine", Value: "1"}})
	s.issuer.Handle(evptest.MetadataPath, func(w http.ResponseWriter, r *http.Request) {
		assert.Empty(t, r.Cookies())
		http.SetCookie(w, &http.Cookie{Name: "theirs", Value: "1"})
	})

	_, err = s.verify(t, s.browser.Token(address, visit))
	requireStep(t, StepMetadata, err)
	require.Len(t, jar.Cookies(site), 1)
}

// Whatever the environment says, no proxy is asked.
func TestNoProxy(t *testing.T) {
	client := newClient(net.DefaultResolver, onlyPublic, time.Second)
	require.Nil(t, client.Transport.(*http.Transport).Proxy)
}

func TestIsPublic(t *testing.T) {
	for ip, want := range map[string]bool{
		"8.8.8.8": true, "2606:4700::1111": true, "::ffff:8.8.8.8": true, "64:ff9b::808:808": true,
		"172.32.0.1": true, "100.128.0.1": true, "198.20.0.1": true, "192.0.1.1": true,

		"0.0.0.0": false, "0.1.2.3": false, "10.255.0.1": false, "100.64.0.1": false,
		"100.100.100.200": false, "127.0.0.1": false, "127.8.8.8": false,
		"169.254.0.1": false, "172.31.0.1": false, "192.0.0.1": false, "192.0.2.1": false,
		"192.88.99.1": false, "192.168.0.1": false, "198.19.0.1": false, "198.51.100.1": false,
		"203.0.113.1": false, "224.0.0.1": false, "240.0.0.1": false, "255.255.255.255": false,
		"::": false, "::1": false, "::ffff:10.0.0.1": false, "::7f00:1": false,
		"64:ff9b::a00:1": false, "64:ff9b::7f00:1": false, "2002:7f00:1::": false,
		"fd00:ec2::254": false, "64:ff9b:1::1": false, "100::1": false, "2001::1": false,
		"2001:db8::1": false, "2002:a00:1::": false, "3fff::1": false, "5f00::1": false,
		"fc00::1": false, "fe80::1%eth0": false, "ff02::1": false, "2606:4700::1%eth0": false,
	} {
		assert.Equal(t, want, isPublic(netip.MustParseAddr(ip)), ip)
	}
}

// The record is one, of one string or more, and its name is asked for as it is.
func TestDNS(t *testing.T) {
	const record = prefix + "mail.example."
	for name, test := range map[string]struct {
		dns  *nameServer
		want error
	}{
		"one string": {&nameServer{texts: map[string][][]string{
			record: {{"iss=" + evptest.Host}}}}, nil},
		"two strings": {&nameServer{texts: map[string][][]string{
			record: {{"iss=accounts.", "issuer.example"}}}}, nil},
		"two records": {&nameServer{texts: map[string][][]string{
			record: {{"iss=" + evptest.Host}, {"iss=" + evptest.Host}}}}, ErrInvalid},
		"no record":   {&nameServer{addresses: map[string][][]string{record: {{}}}}, ErrInvalid},
		"no name":     {&nameServer{}, ErrInvalid},
		"out of work": {&nameServer{broken: map[string]bool{record: true}}, ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.config.Lookup = test.dns.resolver(t).LookupTXT

			_, err := s.verify(t, s.browser.Token(address, visit))
			require.ErrorIs(t, err, test.want)
			if test.want != nil {
				requireStep(t, StepDNS, err)
			}

			test.dns.mu.Lock()
			defer test.dns.mu.Unlock()
			for _, asked := range test.dns.asked {
				require.Equal(t, record, asked)
			}
		})
	}
}

// The default client resolves a name as it is, and checks the certificate for it.
func TestDefaultClient(t *testing.T) {
	server := httptest.NewUnstartedServer(evptest.NewIssuer())
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of clients that hang up
	server.StartTLS()
	t.Cleanup(server.Close)
	loopback := [][]string{{"127.0.0.1"}}
	dns := &nameServer{addresses: map[string][][]string{
		"example.com.": loopback, "example.net.": loopback,
	}}

	anywhere := func(context.Context, string, string, syscall.RawConn) error { return nil }
	client := newClient(dns.resolver(t), anywhere, 5*time.Second)
	client.Transport.(*http.Transport).TLSClientConfig =
		server.Client().Transport.(*http.Transport).TLSClientConfig
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	require.NoError(t, err)

	response, err := client.Get("https://example.com:" + port + evptest.KeysPath)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode)

	_, err = client.Get("https://example.net:" + port + evptest.KeysPath)
	var wrongHost x509.HostnameError
	require.ErrorAs(t, err, &wrongHost)
}

// Each connection ends with its answer. So there are no more than fetches, whose number is bounded.
func TestConnectionsEnd(t *testing.T) {
	s := newScene()
	network := s.serveTLS(t)
	client := newClient(net.DefaultResolver, onlyPublic, 10*time.Second)
	transport := client.Transport.(*http.Transport)
	transport.TLSClientConfig = network.TLSClientConfig

	var open gauge
	transport.DialContext = func(ctx context.Context, kind, address string) (net.Conn, error) {
		conn, err := network.DialContext(ctx, kind, address)
		open.add(1)
		return &countedConn{Conn: conn, open: &open}, err
	}
	s.config.Client, s.config.Timeout = client, 10*time.Second

	v, err := New(s.config)
	require.NoError(t, err)
	var group sync.WaitGroup
	for i := range 10 {
		group.Go(func() {
			_, err := v.keys.find(t.Context(), strings.Repeat("x", i+1)+".example")
			assert.NoError(t, err)
		})
	}
	group.Wait()

	_, most := open.counts()
	require.Positive(t, most)
	none := func() bool { now, _ := open.counts(); return now == 0 }
	require.Eventually(t, none, 10*time.Second, time.Millisecond)
}

// A countedConn counts itself out when it is closed.
type countedConn struct {
	net.Conn
	open *gauge
	once sync.Once
}

func (c *countedConn) Close() error {
	c.once.Do(func() { c.open.add(-1) })
	return c.Conn.Close()
}
