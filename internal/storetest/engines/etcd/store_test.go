package etcd

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otptest"
)

func TestStore(t *testing.T) {
	config := embed.NewConfig()
	config.Dir, config.LogLevel = t.TempDir(), "panic"
	anyPort := []url.URL{{Scheme: "http", Host: "127.0.0.1:0"}}
	config.ListenClientUrls, config.ListenPeerUrls = anyPort, anyPort
	server, err := embed.StartEtcd(config)
	require.NoError(t, err)
	t.Cleanup(server.Close)
	<-server.Server.ReadyNotify()

	endpoint := server.Clients[0].Addr().String()
	open := func(tb testing.TB) otp.Store {
		client, err := clientv3.New(clientv3.Config{
			Endpoints: []string{endpoint}, Logger: zap.NewNop()})
		require.NoError(tb, err)
		tb.Cleanup(func() { client.Close() })
		return New(client, "otp/"+tb.Name()+"/")
	}
	otptest.TestStore(t, func(tb testing.TB) (a, b otp.Store) { return open(tb), open(tb) })
}
