import com.alicloud.openservices.tablestore.SyncClient;
import com.alicloud.openservices.tablestore.model.BatchWriteRowRequest;
import com.alicloud.openservices.tablestore.model.Column;
import com.alicloud.openservices.tablestore.model.ColumnValue;
import com.alicloud.openservices.tablestore.model.DeleteRowRequest;
import com.alicloud.openservices.tablestore.model.PrimaryKey;
import com.alicloud.openservices.tablestore.model.PrimaryKeyBuilder;
import com.alicloud.openservices.tablestore.model.PrimaryKeyValue;
import com.alicloud.openservices.tablestore.model.PutRowRequest;
import com.alicloud.openservices.tablestore.model.RecordColumn;
import com.alicloud.openservices.tablestore.model.RowChange;
import com.alicloud.openservices.tablestore.model.RowDeleteChange;
import com.alicloud.openservices.tablestore.model.RowPutChange;
import com.alicloud.openservices.tablestore.model.RowUpdateChange;
import com.alicloud.openservices.tablestore.model.StreamRecord;
import com.alicloud.openservices.tablestore.model.UpdateRowRequest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes rows through the SDK and notes what the stream must say of each, as text. */
final class History {
  private static final long VERSION = System.currentTimeMillis() - 60_000;
  private static final String PUT_TEXT =
      "PUT a='x,\"y\"\n中'@0 n=" + Long.MIN_VALUE + "@0 d=-0.0@1 t=true@0 b=0x0100ff@0 e=''@0";

  private final SyncClient client;
  private final String table;
  /** By key, in the order of writing: one text for each change. */
  private final Map<String, List<String>> expected = new LinkedHashMap<>();
  private int changes = 0;

  History(SyncClient client, String table) {
    this.client = client;
    this.table = table;
  }

  int changes() {
    return changes;
  }

  private static PrimaryKey key(String uid) {
    return PrimaryKeyBuilder.createPrimaryKeyBuilder().addPrimaryKeyColumn("uid", PrimaryKeyValue.fromString(uid))
        .addPrimaryKeyColumn("seq", PrimaryKeyValue.fromLong(-7))
        .addPrimaryKeyColumn("raw", PrimaryKeyValue.fromBinary(new byte[] {0, -1})).build();
  }

  private void note(String uid, String text) {
    expected.computeIfAbsent(uid, name -> new ArrayList<>()).add(text);
    ++changes;
  }

  private RowPutChange putChange(String uid) {
    RowPutChange change = new RowPutChange(table, key(uid));
    change.addColumn("a", ColumnValue.fromString("x,\"y\"\n中"), VERSION);
    change.addColumn("n", ColumnValue.fromLong(Long.MIN_VALUE), VERSION);
    change.addColumn("d", ColumnValue.fromDouble(-0.0), VERSION + 1);
    change.addColumn("t", ColumnValue.fromBoolean(true), VERSION);
    change.addColumn("b", ColumnValue.fromBinary(new byte[] {1, 0, -1}), VERSION);
    change.addColumn("e", ColumnValue.fromString(""), VERSION);
    return change;
  }

  /** A row with a value of each type, every kind of change to it, and its end. */
  void wholeLife(String uid) {
    client.putRow(new PutRowRequest(putChange(uid)));
    note(uid, PUT_TEXT);
    RowUpdateChange update = new RowUpdateChange(table, key(uid));
    update.put("c", ColumnValue.fromLong(5), VERSION + 2).deleteColumn("a", VERSION).deleteColumns("t")
        .increment(new Column("i", ColumnValue.fromLong(-3)));
    client.updateRow(new UpdateRowRequest(update));
    note(uid, "UPDATE c=5@2 a:one@0 t:all i=-3@now | a='x,\"y\"\n中'@0");
    client.updateRow(new UpdateRowRequest(new RowUpdateChange(table, key(uid))
        .put("a", ColumnValue.fromString("again")).increment(new Column("i", ColumnValue.fromLong(10)))));
    note(uid, "UPDATE a='again'@now i=7@now | i=-3@now");
    client.putRow(new PutRowRequest(new RowPutChange(table, key(uid))));
    note(uid, "PUT | a='again'@now i=7@now i=-3@now");
    client.deleteRow(new DeleteRowRequest(new RowDeleteChange(table, key(uid))));
    note(uid, "DELETE");
  }

  /** Puts these rows in one request. */
  void batch(String... uids) {
    BatchWriteRowRequest request = new BatchWriteRowRequest();
    for (String uid : uids) request.addRowChange((RowChange) putChange(uid));
    Sandbox.must(client.batchWriteRow(request).isAllSucceed(), "the batch succeeds");
    for (String uid : uids) note(uid, PUT_TEXT);
  }

  /** Compares a stream with what was written: all of it, once, in the order of each key. */
  void check(List<Reading.Shard> shards) {
    Map<String, List<String>> found = new LinkedHashMap<>();
    for (Reading.Shard shard : shards)
      for (StreamRecord record : shard.records()) {
        Sandbox.equal(record.getPrimaryKey(), key(uid(record)));
        found.computeIfAbsent(uid(record), name -> new ArrayList<>()).add(text(record));
      }
    Sandbox.equal(found.keySet(), expected.keySet());
    for (String uid : expected.keySet()) Sandbox.equal(found.get(uid), expected.get(uid));
  }

  static String uid(StreamRecord record) {
    return record.getPrimaryKey().getPrimaryKeyColumn(0).getValue().asString();
  }

  private static String text(StreamRecord record) {
    StringBuilder out = new StringBuilder(record.getRecordType().name());
    for (RecordColumn column : record.getColumns()) out.append(' ').append(text(column));
    if (!record.getOriginColumns().isEmpty()) out.append(" |");
    for (RecordColumn column : record.getOriginColumns()) out.append(' ').append(text(column));
    return out.toString();
  }

  private static String text(RecordColumn column) {
    String name = column.getColumn().getName();
    switch (column.getColumnType()) {
      case DELETE_ALL_VERSION:
        return name + ":all";
      case DELETE_ONE_VERSION:
        return name + ":one@" + version(column.getColumn());
      default:
        return name + "=" + text(column.getColumn().getValue()) + "@" + version(column.getColumn());
    }
  }

  /** Versions that the writer gave count from VERSION; those of the server are near its clock. */
  private static String version(Column column) {
    long since = column.getTimestamp() - VERSION;
    return since >= 0 && since < 10 ? Long.toString(since)
        : Math.abs(column.getTimestamp() - System.currentTimeMillis()) < 30_000 ? "now" : "at " + column.getTimestamp();
  }

  private static String text(ColumnValue value) {
    switch (value.getType()) {
      case STRING:
        return "'" + value.asString() + "'";
      case BINARY:
        return "0x" + HexFormat.of().formatHex(value.asBinary());
      default:
        return value.getValue().toString();
    }
  }
}
