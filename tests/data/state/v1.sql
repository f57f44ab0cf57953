PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE jobs(
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO jobs VALUES(1,'orders');
CREATE TABLE instances(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  job_id INTEGER NOT NULL REFERENCES jobs(id),
  slot_us INTEGER NOT NULL,
  zone TEXT NOT NULL,
  cycle INTEGER NOT NULL,
  values_json TEXT NOT NULL,
  window_start_us INTEGER NOT NULL,
  window_end_us INTEGER NOT NULL,
  version TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT NOT NULL DEFAULT '',
  attempts INTEGER NOT NULL DEFAULT 0,
  failures INTEGER NOT NULL DEFAULT 0,
  retry_at_us INTEGER,
  started_us INTEGER,
  finished_us INTEGER,
  rows_written INTEGER NOT NULL DEFAULT 0,
  bytes_written INTEGER NOT NULL DEFAULT 0,
  UNIQUE(job_id, slot_us)
) STRICT;
INSERT INTO instances VALUES(1,1,1539619200000000,'Asia/Shanghai',1,'[["start_time","201810160"],["quote","a''b\"c=你\n"]]',1539618600000000,1539618900000000,'0123456789ab','SUCCESS','',3,0,NULL,1539619200000000,1539619260000000,12,120);
INSERT INTO instances VALUES(2,1,1539619500000000,'Asia/Shanghai',2,'[["start_time","201810165"],["quote","a''b\"c=你\n"]]',1539618900000000,1539619200000000,'0123456789ab','SUCCESS','',2,0,NULL,1539619500000000,1539619560000000,12,120);
INSERT INTO instances VALUES(3,1,1539619800000000,'Asia/Shanghai',3,'[["start_time","2018101610"],["quote","a''b\"c=你\n"]]',1539619200000000,1539619500000000,'0123456789ab','NOT_RUN','waits for 00:05',0,0,NULL,NULL,NULL,0,0);
INSERT INTO instances VALUES(4,1,1539620100000000,'Asia/Shanghai',4,'[["start_time","2018101615"],["quote","a''b\"c=你\n"]]',1539619500000000,1539619800000000,'0123456789ab','WAIT_TIME','',0,0,NULL,NULL,NULL,0,0);
INSERT INTO instances VALUES(5,1,1539620400000000,'Asia/Shanghai',5,'[["start_time","2018101620"],["quote","a''b\"c=你\n"]]',1539619800000000,1539620100000000,'0123456789ab','WAIT_TIME','',0,0,NULL,NULL,NULL,0,0);
INSERT INTO instances VALUES(6,1,1539620700000000,'Asia/Shanghai',6,'[["start_time","2018101625"],["quote","a''b\"c=你\n"]]',1539620100000000,1539620400000000,'0123456789ab','WAIT_TIME','',0,0,NULL,NULL,NULL,0,0);
INSERT INTO instances VALUES(7,1,1539621000000000,'Asia/Shanghai',7,'[["start_time","2018101630"],["quote","a''b\"c=你\n"]]',1539620400000000,1539620700000000,'0123456789ab','WAIT_TIME','',0,0,NULL,NULL,NULL,0,0);
INSERT INTO instances VALUES(8,1,1539621300000000,'Asia/Shanghai',8,'[["start_time","2018101635"],["quote","a''b\"c=你\n"]]',1539620700000000,1539621000000000,'0123456789ab','WAIT_TIME','',0,0,NULL,NULL,NULL,0,0);
INSERT INTO instances VALUES(9,1,1539621600000000,'Asia/Shanghai',9,'[["start_time","2018101640"],["quote","a''b\"c=你\n"]]',1539621000000000,1539621300000000,'0123456789ab','WAIT_TIME','',0,0,NULL,NULL,NULL,0,0);
INSERT INTO instances VALUES(10,1,1539621900000000,'Asia/Shanghai',10,'[["start_time","2018101645"],["quote","a''b\"c=你\n"]]',1539621300000000,1539621600000000,'0123456789ab','WAIT_TIME','',0,0,NULL,NULL,NULL,0,0);
INSERT INTO instances VALUES(11,1,1539622200000000,'Asia/Shanghai',11,'[["start_time","2018101650"],["quote","a''b\"c=你\n"]]',1539621600000000,1539621900000000,'0123456789ab','WAIT_TIME','',0,0,NULL,NULL,NULL,0,0);
INSERT INTO instances VALUES(12,1,1539622500000000,'Asia/Shanghai',12,'[["start_time","2018101655"],["quote","a''b\"c=你\n"]]',1539621900000000,1539622200000000,'0123456789ab','WAIT_TIME','',0,0,NULL,NULL,NULL,0,0);
INSERT INTO instances VALUES(13,1,1539622800000000,'Asia/Shanghai',13,'[["start_time","2018101660"],["quote","a''b\"c=你\n"]]',1539622200000000,1539622500000000,'0123456789ab','WAIT_TIME','',0,0,NULL,NULL,NULL,0,0);
CREATE TABLE objects(
  instance_id INTEGER NOT NULL REFERENCES instances(id),
  n INTEGER NOT NULL,
  name TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  rows_written INTEGER NOT NULL,
  crc64 INTEGER NOT NULL,
  PRIMARY KEY(instance_id, n)
) STRICT, WITHOUT ROWID;
INSERT INTO objects VALUES(1,0,'instance/orders/20181016/orders__3.csv',120,12,-16);
INSERT INTO objects VALUES(2,0,'instance/orders/20181016/orders__4.csv',120,12,-16);
CREATE TABLE attempts(
  instance_id INTEGER NOT NULL REFERENCES instances(id),
  number INTEGER NOT NULL,
  result TEXT NOT NULL,
  started_us INTEGER NOT NULL,
  finished_us INTEGER,
  error_code TEXT NOT NULL DEFAULT '',
  error TEXT NOT NULL DEFAULT '',
  statistics_json TEXT NOT NULL DEFAULT '',
  PRIMARY KEY(instance_id, number)
) STRICT, WITHOUT ROWID;
INSERT INTO attempts VALUES(1,1,'failed',1539619200000000,1539619260000000,'throttled','503','{"records":0,"table_rows":0,"rows":0,"dirty_rows":0,"read_bytes":0,"written_bytes":0,"requests":0,"retries":0,"late":0,"ahead":0,"shards":0,"shards_done":0,"hand_over_failures":0,"first_record_us":null,"last_record_us":null,"ignored":{}}');
INSERT INTO attempts VALUES(1,2,'success',1539619200000000,1539619260000000,'','','{"records":0,"table_rows":0,"rows":13,"dirty_rows":1,"read_bytes":0,"written_bytes":120,"requests":0,"retries":0,"late":0,"ahead":0,"shards":0,"shards_done":0,"hand_over_failures":0,"first_record_us":null,"last_record_us":null,"ignored":{}}');
INSERT INTO attempts VALUES(1,3,'success',1539619200000000,1539619260000000,'','','{"records":0,"table_rows":0,"rows":13,"dirty_rows":1,"read_bytes":0,"written_bytes":120,"requests":0,"retries":0,"late":0,"ahead":0,"shards":0,"shards_done":0,"hand_over_failures":0,"first_record_us":null,"last_record_us":null,"ignored":{}}');
INSERT INTO attempts VALUES(2,1,'lost',1539619500000000,1539620400000000,'cancelled','the daemon ended while the attempt ran','');
INSERT INTO attempts VALUES(2,2,'success',1539619500000000,1539619560000000,'','','{"records":0,"table_rows":0,"rows":13,"dirty_rows":1,"read_bytes":0,"written_bytes":120,"requests":0,"retries":0,"late":0,"ahead":0,"shards":0,"shards_done":0,"hand_over_failures":0,"first_record_us":null,"last_record_us":null,"ignored":{}}');
CREATE TABLE positions(
  instance_id INTEGER PRIMARY KEY REFERENCES instances(id),
  start_json TEXT NOT NULL,
  end_json TEXT
) STRICT;
INSERT INTO positions VALUES(1,'{"version":1,"stream":"stream-1","enabled_us":1539613200000000,"shards":[{"shard":"shard-1","kind":"iterator","iterator":"iterator-2","last":[1,1539619200000002,7],"polled_us":1539619320000000},{"shard":"shard-2","kind":"at_time","time_us":1539619320000001,"polled_us":0}]}','{"version":1,"stream":"stream-1","enabled_us":1539613200000000,"shards":[{"shard":"shard-1","kind":"iterator","iterator":"iterator-3","last":[1,1539619200000003,7],"polled_us":1539619380000000},{"shard":"shard-2","kind":"at_time","time_us":1539619380000001,"polled_us":0}]}');
INSERT INTO positions VALUES(2,'{"version":1,"stream":"stream-1","enabled_us":1539613200000000,"shards":[{"shard":"shard-1","kind":"iterator","iterator":"iterator-3","last":[1,1539619200000003,7],"polled_us":1539619380000000},{"shard":"shard-2","kind":"at_time","time_us":1539619380000001,"polled_us":0}]}','{"version":1,"stream":"stream-1","enabled_us":1539613200000000,"shards":[{"shard":"shard-1","kind":"iterator","iterator":"iterator-4","last":[1,1539619200000004,7],"polled_us":1539619440000000},{"shard":"shard-2","kind":"at_time","time_us":1539619440000001,"polled_us":0}]}');
CREATE TABLE gaps(
  id INTEGER PRIMARY KEY,
  job_id INTEGER NOT NULL REFERENCES jobs(id),
  instance_id INTEGER NOT NULL REFERENCES instances(id),
  shard TEXT NOT NULL,
  from_us INTEGER NOT NULL,
  to_us INTEGER NOT NULL,
  reason TEXT NOT NULL
) STRICT;
INSERT INTO gaps VALUES(2,1,2,'shard-2',0,0,'trimmed');
INSERT INTO gaps VALUES(3,1,1,'shard-2',0,0,'trimmed');
CREATE TABLE coverage(
  job_id INTEGER PRIMARY KEY REFERENCES jobs(id),
  from_us INTEGER NOT NULL,
  until_us INTEGER NOT NULL,
  windows INTEGER NOT NULL,
  rows_written INTEGER NOT NULL
) STRICT;
INSERT INTO coverage VALUES(1,1539618600000000,1539619200000000,2,24);
CREATE TABLE audit(
  id INTEGER PRIMARY KEY,
  at_us INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  detail TEXT NOT NULL
) STRICT;
INSERT INTO audit VALUES(1,0,'','rerun','','');
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('instances',27);
CREATE INDEX instances_unfinished ON instances(job_id, slot_us, state) WHERE state <> 'SUCCESS';
CREATE INDEX instances_by_slot ON instances(slot_us, job_id);
CREATE INDEX instances_to_retry ON instances(retry_at_us) WHERE retry_at_us IS NOT NULL;
CREATE INDEX attempts_open ON attempts(instance_id) WHERE result = 'open';
CREATE INDEX gaps_by_job ON gaps(job_id, from_us);
CREATE INDEX gaps_by_instance ON gaps(instance_id);
COMMIT;
PRAGMA application_id=1397511497;
PRAGMA user_version=1;
