import static java.util.stream.Collectors.toList;

import com.alicloud.openservices.tablestore.ClientException;
import com.alicloud.openservices.tablestore.SyncClient;
import com.alicloud.openservices.tablestore.TableStoreException;
import com.alicloud.openservices.tablestore.model.CreateTableRequest;
import com.alicloud.openservices.tablestore.model.DescribeStreamRequest;
import com.alicloud.openservices.tablestore.model.DescribeStreamResponse;
import com.alicloud.openservices.tablestore.model.DescribeTableRequest;
import com.alicloud.openservices.tablestore.model.GetStreamRecordRequest;
import com.alicloud.openservices.tablestore.model.GetStreamRecordResponse;
import com.alicloud.openservices.tablestore.model.PrimaryKeyColumn;
import com.alicloud.openservices.tablestore.model.PrimaryKeyType;
import com.alicloud.openservices.tablestore.model.StreamDetails;
import com.alicloud.openservices.tablestore.model.StreamRecord;
import com.alicloud.openservices.tablestore.model.StreamShard;
import com.alicloud.openservices.tablestore.model.StreamSpecification;
import com.alicloud.openservices.tablestore.model.StreamStatus;
import com.alicloud.openservices.tablestore.model.TableMeta;
import com.alicloud.openservices.tablestore.model.TableOptions;
import com.alicloud.openservices.tablestore.model.UpdateTableRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** The change streams of the sandbox as the official SDK sees them: {@code StreamCheck ENDPOINT}. */
public final class StreamCheck {
  private final Sandbox sandbox;
  private final SyncClient client;
  private final Reading reading;
  private int records = 0;

  private StreamCheck(Sandbox sandbox, SyncClient client) {
    this.sandbox = sandbox;
    this.client = client;
    this.reading = new Reading(client);
  }

  public static void main(String[] arguments) {
    Sandbox sandbox = new Sandbox(arguments[0]);
    SyncClient client = sandbox.client();
    StreamCheck check = new StreamCheck(sandbox, client);
    try {
      check.records();
      check.positions();
      check.life();
      check.tableGroup();
      check.timeSeries();
      check.signatures();
    } finally {
      client.shutdown();
    }
    System.out.println("java SDK: " + check.records + " records, all right");
  }

  private String makeTable(String table) {
    TableMeta meta = new TableMeta(table);
    meta.addPrimaryKeyColumn("uid", PrimaryKeyType.STRING);
    meta.addPrimaryKeyColumn("seq", PrimaryKeyType.INTEGER);
    meta.addPrimaryKeyColumn("raw", PrimaryKeyType.BINARY);
    CreateTableRequest request = new CreateTableRequest(meta, new TableOptions(-1, 2));
    StreamSpecification stream = new StreamSpecification(true, 24);
    stream.addOriginColumnsToGet("a");
    stream.addOriginColumnsToGet("i");
    request.setStreamSpecification(stream);
    client.createTable(request);
    return reading.streamOf(table).getStreamId();
  }

  /** Every kind of change, before, between and after splits and a merge, equals what was written. */
  private void records() {
    String stream = makeTable("records");
    StreamDetails details = client.describeTable(new DescribeTableRequest("records")).getStreamDetails();
    Sandbox.equal(details.isEnableStream() + " " + details.getStreamId() + " " + details.getExpirationTime(),
        "true " + stream + " 24");
    Sandbox.equal(details.getOriginColumnsToGet(), Set.of("a", "i"));
    Sandbox.equal(reading.streamOf("records").getCreationTime(), details.getLastEnableTime());
    History history = new History(client, "records");
    for (String uid : List.of("a", "g", "m", "t")) history.wholeLife(uid + 1);
    sandbox.call("split", "{@records, 'at': 'h'}");
    for (String uid : List.of("a", "g", "m", "t")) history.wholeLife(uid + 1);
    String right = reading.shards(stream, 0).get(2).getShardId();
    sandbox.call("split", "{@records, 'shard': '" + right + "', 'at': 'p'}");
    history.batch("b", "c", "q", "r", "s");
    sandbox.call("merge", "{@records}");
    for (String uid : List.of("a", "g", "m", "t")) history.wholeLife(uid + 1);
    checkTree(stream);
    for (int limit : List.of(0, 1, 7)) history.check(reading.readAll(stream, limit));
    records += history.changes();
    checkBatch(reading.readAll(stream, 0));
  }

  /** root -> left, right; right -> third, fourth; left + third -> merged. */
  private void checkTree(String stream) {
    List<StreamShard> shards = reading.shards(stream, 0);
    List<String> ids = shards.stream().map(StreamShard::getShardId).collect(toList());
    Sandbox.equal(ids.size(), 6);
    for (int limit : List.of(1, 4))
      Sandbox.equal(reading.shards(stream, limit).stream().map(StreamShard::getShardId).collect(toList()), ids);
    List<String> parents = new ArrayList<>();
    for (StreamShard shard : shards)
      parents.add(ids.indexOf(shard.getParentId()) + "+" + ids.indexOf(shard.getParentSiblingId()));
    Sandbox.equal(parents, List.of("-1+-1", "0+-1", "0+-1", "2+-1", "2+-1", "1+3"));
    List<Boolean> ended = reading.readAll(stream, 0).stream().map(Reading.Shard::ended).collect(toList());
    Sandbox.equal(ended.stream().filter(one -> !one).count(), 2L);
  }

  /** Rows of one request share a time in their shard and differ in the row index. */
  private void checkBatch(List<Reading.Shard> shards) {
    Map<String, String> places = new TreeMap<>();
    Map<String, Long> times = new TreeMap<>();
    for (Reading.Shard shard : shards)
      for (StreamRecord record : shard.records())
        if (History.uid(record).length() == 1) {
          places.merge(shard.id(), Integer.toString(record.getSequenceInfo().getRowIndex()), (a, b) -> a + b);
          Sandbox.equal(times.computeIfAbsent(shard.id(), id -> Reading.time(record)), Reading.time(record));
        }
    Sandbox.equal(places.values().stream().sorted().collect(toList()), List.of("01", "012"));
  }

  /** Iterators at a time, searches in several steps, epochs of a clock that steps back. */
  private void positions() {
    String stream = makeTable("positions");
    String shard = reading.shards(stream, 0).get(0).getShardId();
    History history = new History(client, "positions");
    for (int i = 0; i < 5; ++i) history.wholeLife("k" + i);
    sandbox.call("clock", "{'offset_us': -120000000, 'step': true}");
    history.batch("late");
    sandbox.call("clock", "{'offset_us': 0, 'step': false}");
    List<StreamRecord> all = reading.read(shard, reading.oldest(stream, shard), 0).records();
    Sandbox.equal(all.size(), 26);
    Sandbox.equal(all.get(25).getSequenceInfo().getEpoch(), all.get(24).getSequenceInfo().getEpoch() + 1);
    Sandbox.must(Reading.time(all.get(25)) < Reading.time(all.get(0)), "the late record is dated back");
    sandbox.call("streams", "{'search_steps': 3}");
    for (int i : List.of(0, 7, 24)) {
      Reading.Found found = reading.at(stream, shard, Reading.time(all.get(i)));
      Sandbox.equal(found.answers(), 3);
      Sandbox.equal(Reading.time(reading.page(found.iterator(), 1).getRecords().get(0)), Reading.time(all.get(i)));
    }
    sandbox.call("streams", "{'search_steps': 0}");
    Sandbox.equal(reading.at(stream, shard, 1).iterator(), reading.oldest(stream, shard));
    long future = System.currentTimeMillis() * 1000 + 3_600_000_000L;
    Sandbox.must(reading.page(reading.at(stream, shard, future).iterator(), 0).getRecords().isEmpty(), "the end is empty");
    records += all.size();
  }

  /** Empty pages, trimmed positions, vanished shards, off and on, ENABLING. */
  private void life() {
    String stream = makeTable("life");
    String shard = reading.shards(stream, 0).get(0).getShardId();
    History history = new History(client, "life");
    history.wholeLife("u");
    String first = reading.oldest(stream, shard);
    sandbox.call("faults", "[{'action': 'empty_page', 'times': 1}]");
    GetStreamRecordResponse empty = reading.page(first, 0);
    Sandbox.equal(empty.getRecords().size() + " " + empty.getNextShardIterator(), "0 " + first);
    Sandbox.must(empty.getMayMoreRecord() == null, "no flag outside groups");
    String second = reading.page(first, 1).getNextShardIterator();
    sandbox.call("trim", "{@life, 'records': 1}");
    Sandbox.refused(404, "OTSTrimmedDataAccess", () -> reading.page(first, 0));
    Sandbox.equal(reading.page(second, 0).getRecords().size(), 4);
    Sandbox.equal(reading.oldest(stream, shard), second);
    sandbox.call("split", "{@life, 'at': 'm'}");
    sandbox.call("trim", "{@life, 'shard': '" + shard + "', 'drop': true}");
    Sandbox.equal(reading.shards(stream, 0).stream().map(StreamShard::getParentId).collect(toList()), List.of(shard, shard));
    Sandbox.refused(404, "OTSTrimmedDataAccess", () -> reading.oldest(stream, shard));
    turn(false);
    Sandbox.refused(404, "OTSObjectNotExist", () -> reading.page(second, 0));
    sandbox.call("streams", "{'enabling_requests': 1}");
    turn(true);
    sandbox.call("streams", "{'enabling_requests': 0}");
    String again = reading.streamOf("life").getStreamId();
    Sandbox.must(!again.equals(stream), "another stream");
    Sandbox.equal(client.describeStream(new DescribeStreamRequest(again)).getStatus(), StreamStatus.ENABLING);
    Sandbox.equal(client.describeStream(new DescribeStreamRequest(again)).getStatus(), StreamStatus.ACTIVE);
    records += history.changes();
  }

  private void turn(boolean on) {
    UpdateTableRequest request = new UpdateTableRequest("life");
    request.setStreamSpecification(on ? new StreamSpecification(true, 48) : new StreamSpecification(false));
    Sandbox.equal(client.updateTable(request).getStreamDetails().isEnableStream(), on);
  }

  private void tableGroup() {
    sandbox.call("create_table", "{@grouped, 'group': true, 'primary_key': [{'name': 'uid', 'type': 'STRING'},"
        + " {'name': 'seq', 'type': 'INTEGER'}, {'name': 'raw', 'type': 'BINARY'}]}");
    String stream = reading.streamOf("grouped").getStreamId();
    String shard = reading.shards(stream, 0).get(0).getShardId();
    new History(client, "grouped").batch("a", "b", "c", "d", "e", "f");
    String first = reading.oldest(stream, shard);
    Sandbox.refused(400, "OTSParameterInvalid", () -> reading.page(first, 0));
    List<String> pages = new ArrayList<>();
    for (String next = first; pages.isEmpty() || !pages.get(pages.size() - 1).equals("0false"); ) {
      GetStreamRecordRequest request = new GetStreamRecordRequest(next);
      request.setTableName("grouped");
      request.setLimit(2);
      GetStreamRecordResponse page = client.getStreamRecord(request);
      pages.add(page.getRecords().size() + page.getMayMoreRecord().toString());
      next = page.getNextShardIterator();
    }
    Sandbox.equal(pages, List.of("0true", "2true", "2true", "2true", "0true", "0false"));
    records += 6;
  }

  private void timeSeries() {
    sandbox.call("create_table", "{@series, 'timeseries': true}");
    sandbox.call("write_points", "{@series, 'points': [{'measurement': 'cpu', 'source': 'host', 'time_us': 1600000000000001,"
        + " 'tags': {'region': 'hz', 'az': 'a'}, 'fields': {'load': 0.5, 'cores': 8, 'on': true, 'name': 'x'}}]}");
    String stream = reading.streamOf("series").getStreamId();
    try {
      client.describeStream(new DescribeStreamRequest(stream));
      throw new AssertionError("a time series stream is described only on demand");
    } catch (TableStoreException refusal) {
      Sandbox.equal(refusal.getMessage(), "Table [series] is a timeseries table, not support DescribeStream");
    }
    DescribeStreamRequest request = new DescribeStreamRequest(stream);
    request.setSupportTimeseriesTable(true);
    DescribeStreamResponse described = client.describeStream(request);
    Sandbox.equal(described.isTimeseriesDataTable() + " " + described.getExpirationTime(), "true 168");
    GetStreamRecordRequest read =
        new GetStreamRecordRequest(reading.oldest(stream, described.getShards().get(0).getShardId()));
    read.setParseInTimeseriesDataFormat(true);
    StreamRecord record = client.getStreamRecord(read).getRecords().get(0);
    Sandbox.equal(record.getRecordType(), StreamRecord.RecordType.PUT);
    List<String> key = new ArrayList<>();
    for (PrimaryKeyColumn column : record.getPrimaryKey().getPrimaryKeyColumns()) key.add(column.getName());
    Sandbox.equal(key, List.of("_m_name", "_data_source", "_tags", "_time"));
    Sandbox.equal(GetStreamRecordResponse.parseTimeseriesTags(
        record.getPrimaryKey().getPrimaryKeyColumn("_tags").getValue().asString()), Map.of("region", "hz", "az", "a"));
    Sandbox.equal(record.getColumns().stream().map(one -> one.getColumn().getName() + one.getColumn().getValue())
        .collect(toList()), List.of("load0.5", "cores8", "ontrue", "namex"));
    records += 1;
  }

  /** The SDK refuses answers that are spoiled, and reads the same with signatures of version 4 and deflated requests. */
  private void signatures() {
    String stream = reading.streamOf("records").getStreamId();
    String iterator = reading.oldest(stream, reading.shards(stream, 0).get(0).getShardId());
    Map<String, String> spoiled = Map.of("wrong_signature_answer", "Validate response authorization failed",
        "bad_md5", "The MD5 value of response content is not equal", "bad_crc", "Failed to parse row");
    spoiled.forEach((action, complaint) -> {
      sandbox.call("faults", "[{'operation': 'GetStreamRecord', 'action': '" + action + "'}]");
      try {
        reading.page(iterator, 0);
        throw new AssertionError(action + " goes unnoticed");
      } catch (ClientException noticed) {
        Sandbox.must(noticed.getMessage().startsWith(complaint), noticed.getMessage());
      }
    });
    sandbox.call("faults", "[]");
    SyncClient fourth = sandbox.clientV4();
    Sandbox.equal(new Reading(fourth).readAll(stream, 0).toString(), reading.readAll(stream, 0).toString());
    fourth.shutdown();
    SyncClient stranger = sandbox.stranger();
    Sandbox.refused(403, "OTSAuthFailed", () -> new Reading(stranger).shards(stream, 0));
    stranger.shutdown();
  }
}
