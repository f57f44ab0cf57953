// The change streams of the sandbox as the official SDK for Go sees them. Usage: main ENDPOINT
package main

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aliyun/aliyun-tablestore-go-sdk/tablestore"
)

const table = "orders"

var (
	client  *tablestore.TableStoreClient
	version = time.Now().UnixMilli() - 60_000 // of all puts that are given one
)

func must(right bool, format string, values ...interface{}) {
	if !right {
		fmt.Fprintf(os.Stderr, format+"\n", values...)
		os.Exit(1)
	}
}

func done(err error) { must(err == nil, "%v", err) }

func equal(found, expected interface{}) {
	a, b := fmt.Sprint(found), fmt.Sprint(expected)
	must(a == b, "%s\ninstead of\n%s", a, b)
}

func admin(endpoint, call, body string) {
	answer, err := http.Post(endpoint+"/_sandbox/"+call, "application/json", strings.NewReader(body))
	done(err)
	must(answer.StatusCode == 200, "%s: %s", call, answer.Status)
	done(answer.Body.Close())
}

func key(uid string) *tablestore.PrimaryKey {
	made := new(tablestore.PrimaryKey)
	made.AddPrimaryKeyColumn("uid", uid)
	made.AddPrimaryKeyColumn("n", int64(-9))
	return made
}

func ignore() *tablestore.RowCondition {
	return &tablestore.RowCondition{RowExistenceExpectation: tablestore.RowExistenceExpectation_IGNORE}
}

// A row's whole life, and what the stream must say of it.
func wholeLife(uid string) []string {
	put := &tablestore.PutRowChange{TableName: table, PrimaryKey: key(uid), Condition: ignore()}
	put.AddColumnWithTimestamp("s", "x,\"y\"中", version)
	put.AddColumnWithTimestamp("d", 0.25, version)
	put.AddColumnWithTimestamp("t", true, version)
	put.AddColumnWithTimestamp("b", []byte{0, 255}, version)
	_, err := client.PutRow(&tablestore.PutRowRequest{PutRowChange: put})
	done(err)
	update := &tablestore.UpdateRowChange{TableName: table, PrimaryKey: key(uid), Condition: ignore()}
	update.PutColumn("i", int64(7))
	update.IncrementColumn("j", -2)
	update.DeleteColumnWithTimestamp("s", version)
	update.DeleteColumn("d")
	_, err = client.UpdateRow(&tablestore.UpdateRowRequest{UpdateRowChange: update})
	done(err)
	gone := &tablestore.DeleteRowChange{TableName: table, PrimaryKey: key(uid), Condition: ignore()}
	_, err = client.DeleteRow(&tablestore.DeleteRowRequest{DeleteRowChange: gone})
	done(err)
	return []string{
		fmt.Sprintf("\"PutRow\" %s -9 s=x,\"y\"中@given d=0.25@given t=true@given b=[0 255]@given", uid),
		fmt.Sprintf("\"UpdateRow\" %s -9 i=7@now j=-2@now s:one@given d:all", uid),
		fmt.Sprintf("\"DeleteRow\" %s -9", uid),
	}
}

func stamp(timestamp int64) string {
	since := time.Now().UnixMilli() - timestamp
	if timestamp == version {
		return "given"
	}
	if since >= 0 && since < 30_000 {
		return "now"
	}
	return fmt.Sprint(timestamp)
}

func text(record *tablestore.StreamRecord) string {
	out := record.Type.String()
	for _, column := range record.PrimaryKey.PrimaryKeys {
		out += fmt.Sprintf(" %v", column.Value)
	}
	for _, column := range record.Columns {
		switch column.Type {
		case tablestore.RCT_Put:
			out += fmt.Sprintf(" %s=%v@%s", *column.Name, column.Value, stamp(*column.Timestamp))
		case tablestore.RCT_DeleteOneVersion:
			out += fmt.Sprintf(" %s:one@%s", *column.Name, stamp(*column.Timestamp))
		default:
			out += fmt.Sprintf(" %s:all", *column.Name)
		}
	}
	return out
}

func createTable() {
	meta := &tablestore.TableMeta{TableName: table}
	meta.AddPrimaryKeyColumn("uid", tablestore.PrimaryKeyType_STRING)
	meta.AddPrimaryKeyColumn("n", tablestore.PrimaryKeyType_INTEGER)
	_, err := client.CreateTable(&tablestore.CreateTableRequest{TableMeta: meta,
		TableOption:        &tablestore.TableOption{TimeToAlive: -1, MaxVersion: 1},
		ReservedThroughput: &tablestore.ReservedThroughput{},
		StreamSpec:         &tablestore.StreamSpecification{EnableStream: true, ExpirationTime: 24}})
	done(err)
}

// The shards of the stream, a page of `limit` at a time.
func shards(stream *tablestore.StreamId, limit int32) []*tablestore.StreamShard {
	var all []*tablestore.StreamShard
	for request := (&tablestore.DescribeStreamRequest{StreamId: stream, ShardLimit: &limit}); ; {
		page, err := client.DescribeStream(request)
		done(err)
		equal(page.Status, tablestore.SS_Active)
		all = append(all, page.Shards...)
		if page.NextShardId == nil {
			return all
		}
		request.InclusiveStartShardId = page.NextShardId
	}
}

// What a shard holds from the iterator on, and whether it has ended.
func read(iterator *tablestore.ShardIterator, limit int32) (records []*tablestore.StreamRecord, ended bool) {
	for {
		page, err := client.GetStreamRecord(&tablestore.GetStreamRecordRequest{ShardIterator: iterator, Limit: &limit})
		done(err)
		records = append(records, page.Records...)
		if page.NextShardIterator == nil {
			return records, true
		}
		if len(page.Records) == 0 {
			return records, false
		}
		iterator = page.NextShardIterator
	}
}

func iteratorAt(stream *tablestore.StreamId, shard *tablestore.ShardId, timestamp *int64) (*tablestore.ShardIterator, int) {
	for request, steps := (&tablestore.GetShardIteratorRequest{StreamId: stream, ShardId: shard, Timestamp: timestamp}), 1; ; steps++ {
		answer, err := client.GetShardIterator(request)
		done(err)
		if answer.Token == nil {
			return answer.ShardIterator, steps
		}
		request.Token = answer.Token
	}
}

func main() {
	endpoint := os.Args[1]
	client = tablestore.NewClient(endpoint, "golang", "sandbox-id", "sandbox-secret")
	createTable()
	described, err := client.DescribeTable(&tablestore.DescribeTableRequest{TableName: table})
	done(err)
	name := table
	listed, err := client.ListStream(&tablestore.ListStreamRequest{TableName: &name})
	done(err)
	equal(len(listed.Streams), 1)
	stream := listed.Streams[0].Id
	equal(*described.StreamDetails.StreamId, *stream)
	expected := append(wholeLife("a"), wholeLife("p")...)
	admin(endpoint, "split", `{"instance": "golang", "table": "orders", "at": "m"}`)
	left := wholeLife("a")
	right := wholeLife("p")
	admin(endpoint, "merge", `{"instance": "golang", "table": "orders"}`)
	last := wholeLife("m")
	all := shards(stream, 2)
	equal(len(all), 4)
	equal(*all[1].FatherShard+*all[2].FatherShard, *all[0].SelfShard+*all[0].SelfShard)
	equal(*all[3].FatherShard+*all[3].MotherShard, *all[1].SelfShard+*all[2].SelfShard)
	for i, wanted := range [][]string{expected, left, right, last} {
		oldest, _ := iteratorAt(stream, all[i].SelfShard, nil)
		records, ended := read(oldest, 2)
		equal(ended, i < 3)
		equal(len(records), len(wanted))
		for k, record := range records {
			equal(text(record), wanted[k])
			must(k == 0 || record.Info.Timestamp > records[k-1].Info.Timestamp, "times grow")
		}
	}
	admin(endpoint, "streams", `{"search_steps": 3}`)
	oldest, _ := iteratorAt(stream, all[0].SelfShard, nil)
	records, _ := read(oldest, 100)
	found, steps := iteratorAt(stream, all[0].SelfShard, &records[4].Info.Timestamp)
	equal(steps, 3)
	rest, _ := read(found, 100)
	equal(text(rest[0]), expected[4])
	fmt.Println("go SDK: all right")
}
