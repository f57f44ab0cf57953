import com.alicloud.openservices.tablestore.SyncClient;
import com.alicloud.openservices.tablestore.model.DescribeStreamRequest;
import com.alicloud.openservices.tablestore.model.DescribeStreamResponse;
import com.alicloud.openservices.tablestore.model.GetShardIteratorRequest;
import com.alicloud.openservices.tablestore.model.GetShardIteratorResponse;
import com.alicloud.openservices.tablestore.model.GetStreamRecordRequest;
import com.alicloud.openservices.tablestore.model.GetStreamRecordResponse;
import com.alicloud.openservices.tablestore.model.ListStreamRequest;
import com.alicloud.openservices.tablestore.model.RecordSequenceInfo;
import com.alicloud.openservices.tablestore.model.Stream;
import com.alicloud.openservices.tablestore.model.StreamRecord;
import com.alicloud.openservices.tablestore.model.StreamShard;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** A stream as the SDK reads it. */
final class Reading {
  /** What one shard held, and whether it has ended. */
  record Shard(String id, List<StreamRecord> records, boolean ended) {}

  /** An iterator found by time, and the answers it took. */
  record Found(String iterator, int answers) {}

  private final SyncClient client;

  Reading(SyncClient client) {
    this.client = client;
  }

  Stream streamOf(String table) {
    List<Stream> streams = client.listStream(new ListStreamRequest(table)).getStreams();
    Sandbox.equal(streams.size(), 1);
    Sandbox.equal(streams.get(0).getTableName(), table);
    return streams.get(0);
  }

  List<StreamShard> shards(String stream, int limit) {
    List<StreamShard> all = new ArrayList<>();
    for (String start = null; ; ) {
      DescribeStreamRequest request = new DescribeStreamRequest(stream);
      if (limit > 0) request.setShardLimit(limit);
      if (start != null) request.setInclusiveStartShardId(start);
      DescribeStreamResponse page = client.describeStream(request);
      Sandbox.must(limit <= 0 || page.getShards().size() <= limit, "a page holds more shards than asked for");
      all.addAll(page.getShards());
      start = page.getNextShardId();
      if (start == null) return all;
    }
  }

  String oldest(String stream, String shard) {
    return client.getShardIterator(new GetShardIteratorRequest(stream, shard)).getShardIterator();
  }

  Found at(String stream, String shard, long timeUs) {
    GetShardIteratorRequest request = new GetShardIteratorRequest(stream, shard);
    request.setTimestamp(timeUs);
    for (int answers = 1; ; ++answers) {
      GetShardIteratorResponse answer = client.getShardIterator(request);
      if (answer.getNextToken() == null) return new Found(answer.getShardIterator(), answers);
      request.setToken(answer.getNextToken());
    }
  }

  GetStreamRecordResponse page(String iterator, int limit) {
    GetStreamRecordRequest request = new GetStreamRecordRequest(iterator);
    if (limit > 0) request.setLimit(limit);
    return client.getStreamRecord(request);
  }

  Shard read(String shard, String iterator, int limit) {
    List<StreamRecord> records = new ArrayList<>();
    for (String next = iterator; ; ) {
      GetStreamRecordResponse page = page(next, limit);
      Sandbox.must(limit <= 0 || page.getRecords().size() <= limit, "a page holds more records than asked for");
      records.addAll(page.getRecords());
      next = page.getNextShardIterator();
      if (next == null) return checked(new Shard(shard, records, true));
      if (page.getRecords().isEmpty()) return checked(new Shard(shard, records, false));
    }
  }

  /** Every shard from its oldest record on, parents before children. */
  List<Shard> readAll(String stream, int limit) {
    List<StreamShard> left = new ArrayList<>(shards(stream, 0));
    Set<String> listed = new HashSet<>();
    for (StreamShard shard : left) listed.add(shard.getShardId());
    List<Shard> out = new ArrayList<>();
    while (!left.isEmpty()) {
      StreamShard next = left.stream().filter(shard -> !waits(shard.getParentId(), listed, out)
          && !waits(shard.getParentSiblingId(), listed, out)).findFirst().orElseThrow();
      left.remove(next);
      out.add(read(next.getShardId(), oldest(stream, next.getShardId()), limit));
    }
    return out;
  }

  private static boolean waits(String parent, Set<String> listed, List<Shard> read) {
    return parent != null && listed.contains(parent) && read.stream().noneMatch(shard -> shard.id().equals(parent));
  }

  static long time(StreamRecord record) {
    return record.getSequenceInfo().getTimestamp();
  }

  /** (epoch, time, row index) ascends in a shard. */
  private static Shard checked(Shard shard) {
    RecordSequenceInfo last = new RecordSequenceInfo(-1, 0, 0);
    for (StreamRecord record : shard.records()) {
      RecordSequenceInfo here = record.getSequenceInfo();
      int order = Integer.compare(here.getEpoch(), last.getEpoch());
      if (order == 0) order = Long.compare(here.getTimestamp(), last.getTimestamp());
      if (order == 0) order = Integer.compare(here.getRowIndex(), last.getRowIndex());
      Sandbox.must(order > 0, here + " follows " + last);
      last = here;
    }
    return shard;
  }
}
