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
  bytes_written INTEGER NOT NULL DEFAULT 0, priority INTEGER NOT NULL DEFAULT 1, dry_run INTEGER NOT NULL DEFAULT 0, released INTEGER NOT NULL DEFAULT 0,
  UNIQUE(job_id, slot_us)
) STRICT;
INSERT INTO instances VALUES(1,1,1539619200000000,'Asia/Shanghai',1,'[["start_time","201810160"],["quote","a''b\"c=你\n"]]',1539618600000000,1539618900000000,'0123456789ab','SUCCESS','',3,0,NULL,1539619200000000,1539619260000000,12,120,1,0,0);
INSERT INTO instances VALUES(2,1,1539619500000000,'Asia/Shanghai',2,'[["start_time","201810165"],["quote","a''b\"c=你\n"]]',1539618900000000,1539619200000000,'0123456789ab','SUCCESS','',2,0,NULL,1539619500000000,1539619560000000,12,120,1,0,0);
INSERT INTO instances VALUES(3,1,1539619800000000,'Asia/Shanghai',3,'[["start_time","2018101610"],["quote","a''b\"c=你\n"]]',1539619200000000,1539619500000000,'0123456789ab','NOT_RUN','waits for 00:05',0,0,NULL,NULL,NULL,0,0,1,0,0);
INSERT INTO instances VALUES(4,1,1539620100000000,'Asia/Shanghai',4,'[["start_time","2018101615"],["quote","a''b\"c=你\n"]]',1539619500000000,1539619800000000,'0123456789ab','FROZEN','',0,0,NULL,NULL,NULL,0,0,5,0,0);
INSERT INTO instances VALUES(5,1,1539620400000000,'Asia/Shanghai',5,'[["start_time","2018101620"],["quote","a''b\"c=你\n"]]',1539619800000000,1539620100000000,'0123456789ab','FROZEN','',0,0,NULL,NULL,NULL,0,0,5,0,0);
INSERT INTO instances VALUES(6,1,1539620700000000,'Asia/Shanghai',6,'[["start_time","2018101625"],["quote","a''b\"c=你\n"]]',1539620100000000,1539620400000000,'0123456789ab','SKIPPED','too old',0,0,NULL,NULL,NULL,0,0,1,0,0);
INSERT INTO instances VALUES(7,1,1539621000000000,'Asia/Shanghai',7,'[["start_time","2018101630"],["quote","a''b\"c=你\n"]]',1539620400000000,1539620700000000,'0123456789ab','SKIPPED','too old',0,0,NULL,NULL,NULL,0,0,1,0,0);
INSERT INTO instances VALUES(8,1,1539621300000000,'Asia/Shanghai',8,'[["start_time","2018101635"],["quote","a''b\"c=你\n"]]',1539620700000000,1539621000000000,'0123456789ab','SKIPPED','missed',0,0,NULL,NULL,NULL,0,0,1,0,0);
INSERT INTO instances VALUES(9,1,1539621600000000,'Asia/Shanghai',9,'[["start_time","2018101640"],["quote","a''b\"c=你\n"]]',1539621000000000,1539621300000000,'0123456789ab','SKIPPED','missed',0,0,NULL,NULL,NULL,0,0,1,0,0);
INSERT INTO instances VALUES(10,1,1539621900000000,'Asia/Shanghai',10,'[["start_time","2018101645"],["quote","a''b\"c=你\n"]]',1539621300000000,1539621600000000,'0123456789ab','SKIPPED','missed',0,0,NULL,NULL,NULL,0,0,1,0,0);
INSERT INTO instances VALUES(11,1,1539622200000000,'Asia/Shanghai',11,'[["start_time","2018101650"],["quote","a''b\"c=你\n"]]',1539621600000000,1539621900000000,'0123456789ab','WAIT_TIME','',0,0,NULL,NULL,NULL,0,0,1,0,0);
INSERT INTO instances VALUES(12,1,1539622500000000,'Asia/Shanghai',12,'[["start_time","2018101655"],["quote","a''b\"c=你\n"]]',1539621900000000,1539622200000000,'0123456789ab','WAIT_TIME','',0,0,NULL,NULL,NULL,0,0,1,0,0);
INSERT INTO instances VALUES(13,1,1539622800000000,'Asia/Shanghai',13,'[["start_time","2018101660"],["quote","a''b\"c=你\n"]]',1539622200000000,1539622500000000,'0123456789ab','WAIT_TIME','',0,0,NULL,NULL,NULL,0,0,1,0,0);
INSERT INTO instances VALUES(28,1,1539623100000000,'Asia/Shanghai',14,'[["start_time","2018101665"],["quote","a''b\"c=你\n"]]',1539622500000000,1539622800000000,'0123456789ab','SUCCESS','',0,0,NULL,1539623100000000,1539623100000000,0,0,1,1,0);
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
INSERT INTO audit VALUES(2,0,'','freeze','','');
INSERT INTO audit VALUES(3,0,'','freeze','','');
INSERT INTO audit VALUES(4,0,'','skip','','');
INSERT INTO audit VALUES(5,0,'','pause','','');
INSERT INTO audit VALUES(6,0,'','resume','','');
CREATE TABLE backfills(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  job TEXT NOT NULL,
  from_us INTEGER NOT NULL,
  to_us INTEGER NOT NULL,
  parallel INTEGER NOT NULL,
  descending INTEGER NOT NULL,
  every_slot INTEGER NOT NULL,
  run_now INTEGER NOT NULL,
  alerts INTEGER NOT NULL,
  priority INTEGER NOT NULL,
  zone TEXT NOT NULL,
  version TEXT NOT NULL,
  actor TEXT NOT NULL,
  created_us INTEGER NOT NULL,
  state TEXT NOT NULL,
  planned INTEGER NOT NULL DEFAULT 0,
  left_out INTEGER NOT NULL DEFAULT 0,
  closed INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE backfill_groups(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  backfill_id INTEGER NOT NULL REFERENCES backfills(id),
  from_us INTEGER NOT NULL,
  to_us INTEGER NOT NULL,
  first_day INTEGER NOT NULL,
  last_day INTEGER NOT NULL
) STRICT;
CREATE TABLE watch(
  id INTEGER PRIMARY KEY CHECK(id = 1),
  until_us INTEGER NOT NULL
) STRICT;
CREATE TABLE absences(
  job TEXT PRIMARY KEY,
  since_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE incidents(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  key TEXT NOT NULL,
  kind TEXT NOT NULL,
  facts_json TEXT NOT NULL,
  channels_json TEXT NOT NULL,
  opened_us INTEGER NOT NULL,
  seen_us INTEGER NOT NULL,
  recovered_us INTEGER,
  acknowledged_us INTEGER,
  acknowledged_by TEXT NOT NULL DEFAULT '',
  notified_json TEXT NOT NULL,
  told INTEGER NOT NULL,
  worse INTEGER NOT NULL,
  event INTEGER NOT NULL,
  closed INTEGER NOT NULL
) STRICT;
CREATE TABLE notices(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  incident_id INTEGER REFERENCES incidents(id),
  event TEXT NOT NULL,
  kind TEXT NOT NULL,
  facts_json TEXT NOT NULL,
  at_us INTEGER NOT NULL,
  opened_us INTEGER NOT NULL
) STRICT;
CREATE TABLE deliveries(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  notice_id INTEGER NOT NULL REFERENCES notices(id),
  channel TEXT NOT NULL,
  state TEXT NOT NULL,
  tries INTEGER NOT NULL DEFAULT 0,
  next_us INTEGER NOT NULL,
  ended_us INTEGER,
  error TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE TABLE alert_marks(
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE job_versions(
  id INTEGER PRIMARY KEY,
  job TEXT NOT NULL,
  version TEXT NOT NULL,
  first_seen_us INTEGER NOT NULL,
  since_us INTEGER NOT NULL,
  actor TEXT NOT NULL,
  effective_us INTEGER,
  replaces TEXT NOT NULL,
  present INTEGER NOT NULL,
  file TEXT NOT NULL,
  definition TEXT NOT NULL,
  script_file TEXT NOT NULL,
  script TEXT NOT NULL,
  missing TEXT NOT NULL,
  UNIQUE(job, version)
) STRICT;
CREATE TABLE pauses(
  job TEXT PRIMARY KEY,
  since_us INTEGER NOT NULL,
  actor TEXT NOT NULL,
  reason TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE history(
  job_id INTEGER PRIMARY KEY REFERENCES jobs(id),
  positions_until_us INTEGER NOT NULL
) STRICT;
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('instances',28);
CREATE INDEX instances_by_slot ON instances(slot_us, job_id);
CREATE INDEX instances_to_retry ON instances(retry_at_us) WHERE retry_at_us IS NOT NULL;
CREATE INDEX attempts_open ON attempts(instance_id) WHERE result = 'open';
CREATE INDEX gaps_by_job ON gaps(job_id, from_us);
CREATE INDEX gaps_by_instance ON gaps(instance_id);
CREATE INDEX instances_unfinished ON instances(job_id, slot_us, state)
  WHERE state NOT IN ('SUCCESS', 'SKIPPED');
CREATE INDEX instances_skipped ON instances(job_id, slot_us) WHERE state = 'SKIPPED';
CREATE INDEX backfills_open ON backfills(id) WHERE closed = 0;
CREATE INDEX backfill_groups_by_backfill ON backfill_groups(backfill_id);
CREATE INDEX incidents_current ON incidents(id) WHERE closed = 0;
CREATE INDEX incidents_seen ON incidents(seen_us);
CREATE INDEX incidents_open ON incidents(id) WHERE recovered_us IS NULL;
CREATE INDEX notices_by_incident ON notices(incident_id);
CREATE INDEX deliveries_pending ON deliveries(id) WHERE state = 'pending';
CREATE INDEX deliveries_failed ON deliveries(id) WHERE state = 'failed';
CREATE INDEX deliveries_by_notice ON deliveries(notice_id);
CREATE INDEX audit_by_target ON audit(target, id);
CREATE INDEX audit_by_time ON audit(at_us);
COMMIT;
PRAGMA application_id=1397511497;
PRAGMA user_version=7;
