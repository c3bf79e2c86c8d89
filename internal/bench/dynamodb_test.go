package bench

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/dynamostore"
	"github.com/seed-5978b5f1/otp/internal/servers"
)

// BenchmarkDynamoDB compares the life of one code on DynamoDB Local with the same four requests made by hand. They take
// turns, ten of each, so that both meet the same moods of machine and server, and each turn starts with the garbage of
// the others collected. One operation is one turn of both.
func BenchmarkDynamoDB(b *testing.B) {
	db := servers.DynamoDB(b)
	table := newTable(b, db)
	store, err := dynamostore.New(db, table, nil)
	if err != nil {
		b.Fatal(err)
	}
	c := newClient(b, store)
	ours := func(i int, to string) { c.pair(b, to) }
	bare := func(i int, _ string) { bareCalls(b, db, table, fmt.Sprintf("%043d", made+i)) }

	const turn = 10
	var latency [2][]time.Duration
	var cpu [2]time.Duration
	measure := func(who int, run func(int, string)) {
		to := addresses(turn)
		runtime.GC()
		before := cpuTime()
		for i := range turn {
			start := time.Now()
			run(i, to[i])
			latency[who] = append(latency[who], time.Since(start))
		}
		cpu[who] += cpuTime() - before
	}
	measure(0, ours) // once for the connections and the server's just-in-time compiler
	measure(1, bare)
	latency, cpu = [2][]time.Duration{}, [2]time.Duration{}
	for i := range b.N {
		first := i % 2 // who goes first does not matter in the mean
		for who := range 2 {
			if who == first {
				measure(0, ours)
			} else {
				measure(1, bare)
			}
		}
	}
	for who, name := range []string{"otp", "bare"} {
		slices.Sort(latency[who])
		b.ReportMetric(float64(latency[who][len(latency[who])/2]), name+"-ns")
		b.ReportMetric(float64(cpu[who])/float64(turn*b.N), name+"-cpu-ns")
	}
}

// bareCalls makes the requests that Send and Verify of one code make, with values of the same sizes.
func bareCalls(tb testing.TB, db *dynamodb.Client, table, key string) {
	sent, spent := make([]byte, sentSize), make([]byte, spentSize)
	get := func(want []byte) {
		out, err := db.GetItem(context.Background(), &dynamodb.GetItemInput{
			TableName:                &table,
			Key:                      map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: key}},
			ConsistentRead:           aws.Bool(true),
			ProjectionExpression:     aws.String("#key, #value"),
			ExpressionAttributeNames: map[string]string{"#key": "pk", "#value": "value"},
		})
		if err != nil {
			tb.Fatal(err)
		}
		if value, _ := out.Item["value"].(*types.AttributeValueMemberB); value != nil != (want != nil) {
			tb.Fatal("the item is not what was expected")
		}
	}
	put := func(value []byte, condition string, names map[string]string, values map[string]types.AttributeValue) {
		_, err := db.PutItem(context.Background(), &dynamodb.PutItemInput{
			TableName: &table,
			Item: map[string]types.AttributeValue{
				"pk":      &types.AttributeValueMemberS{Value: key},
				"value":   &types.AttributeValueMemberB{Value: value},
				"expires": &types.AttributeValueMemberN{Value: strconv.FormatInt(time.Now().Add(24*time.Hour).Unix(), 10)},
			},
			ConditionExpression: &condition, ExpressionAttributeNames: names, ExpressionAttributeValues: values,
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
	get(nil)
	put(sent, "attribute_not_exists(#key)", map[string]string{"#key": "pk"}, nil)
	get(sent)
	put(spent, "#value = :old", map[string]string{"#value": "value"},
		map[string]types.AttributeValue{":old": &types.AttributeValueMemberB{Value: sent}})
}

// BenchmarkCapacity counts what operations take of DynamoDB.
func BenchmarkCapacity(b *testing.B) {
	db := servers.DynamoDB(b)
	meter := &meter{Client: db}
	store, err := dynamostore.New(meter, newTable(b, db), nil)
	if err != nil {
		b.Fatal(err)
	}
	c := newClient(b, store)
	wrong := func(to string) {
		code := "000000"
		if c.code == code {
			code = "000001"
		}
		c.Verify(context.Background(), otp.Submission{To: to, Code: code})
	}
	for _, bench := range []struct {
		name   string
		before func(to string)
		run    func(to string)
	}{
		{"send", func(string) {}, func(to string) { c.send(b, to) }},
		{"verify", func(to string) { c.send(b, to) }, func(to string) { c.verify(b, to) }},
		{"wrong", func(to string) { c.send(b, to) }, wrong},
		{"unknown", func(string) {}, wrong},
	} {
		b.Run(bench.name, func(b *testing.B) {
			var spent consumption
			for _, to := range addresses(b.N) {
				bench.before(to)
				meter.consumption = consumption{}
				bench.run(to)
				spent.requests += meter.requests
				spent.read += meter.read
				spent.written += meter.written
			}
			b.ReportMetric(float64(spent.requests)/float64(b.N), "requests/op")
			b.ReportMetric(spent.read/float64(b.N), "read-units/op")
			b.ReportMetric(spent.written/float64(b.N), "write-units/op")
		})
	}
}

type consumption struct {
	requests      int
	read, written float64
}

// A meter asks DynamoDB what each request has consumed. It serves one goroutine.
type meter struct {
	*dynamodb.Client
	consumption
}

func (m *meter) GetItem(ctx context.Context, in *dynamodb.GetItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	in.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
	out, err := m.Client.GetItem(ctx, in, opts...)
	m.requests++
	if out != nil && out.ConsumedCapacity != nil {
		m.read += aws.ToFloat64(out.ConsumedCapacity.CapacityUnits)
	}
	return out, err
}

func (m *meter) PutItem(ctx context.Context, in *dynamodb.PutItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	in.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
	out, err := m.Client.PutItem(ctx, in, opts...)
	m.requests++
	if out != nil && out.ConsumedCapacity != nil {
		m.written += aws.ToFloat64(out.ConsumedCapacity.CapacityUnits)
	}
	return out, err
}

// BenchmarkAttackDynamoDB is BenchmarkAttack on DynamoDB Local.
func BenchmarkAttackDynamoDB(b *testing.B) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 64
	transport.MaxConnsPerHost = 64 // more than that only wait in the server
	db := servers.DynamoDB(b, func(o *dynamodb.Options) { o.HTTPClient = &http.Client{Transport: transport} })
	benchmarkAttack(b, func(tb testing.TB) otp.Store {
		store, err := dynamostore.New(db, newTable(tb, db), nil)
		if err != nil {
			tb.Fatal(err)
		}
		return store
	})
}

func newTable(tb testing.TB, db *dynamodb.Client) string {
	table := servers.TableName()
	if err := dynamostore.CreateTable(tb.Context(), db, table); err != nil {
		tb.Fatal(err)
	}
	return table
}

// cpuTime returns the processor time that this process has used, in user and in system mode.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
