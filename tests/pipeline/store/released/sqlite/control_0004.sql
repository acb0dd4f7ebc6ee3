BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('control_0004');
CREATE TABLE alert_buttons (
	button_id VARCHAR(40) NOT NULL, 
	purpose VARCHAR(20) NOT NULL, 
	model VARCHAR(80) NOT NULL, 
	subject JSON NOT NULL, 
	expires_at DATETIME NOT NULL, 
	used_by VARCHAR(120), 
	used_at DATETIME, 
	PRIMARY KEY (button_id)
);
INSERT INTO "alert_buttons" VALUES('button_id ''1'' ü 100%','purpose ''1'' ü 100%','model ''1'' ü 100%','{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 1}','2026-03-02 12:00:00.000001','used_by ''1'' ü 100%','2026-03-02 12:00:00.000001');
INSERT INTO "alert_buttons" VALUES('button_id ''2'' ü 100%','purpose ''2'' ü 100%','model ''2'' ü 100%','{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 2}','2026-03-03 12:00:00.000002','used_by ''2'' ü 100%','2026-03-03 12:00:00.000002');
INSERT INTO "alert_buttons" VALUES('button_id ''3'' ü 100%','purpose ''3'' ü 100%','model ''3'' ü 100%','{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 3}','2026-03-04 12:00:00.000003','used_by ''3'' ü 100%','2026-03-04 12:00:00.000003');
CREATE TABLE alert_cursors (
	source VARCHAR(120) NOT NULL, 
	position INTEGER NOT NULL, 
	PRIMARY KEY (source)
);
INSERT INTO "alert_cursors" VALUES('source ''1'' ü 100%',1);
INSERT INTO "alert_cursors" VALUES('source ''2'' ü 100%',2);
INSERT INTO "alert_cursors" VALUES('source ''3'' ü 100%',3);
CREATE TABLE alert_incidents (
	incident_id VARCHAR(80) NOT NULL, 
	model VARCHAR(80) NOT NULL, 
	kind VARCHAR(20) NOT NULL, 
	opened_at DATETIME NOT NULL, 
	resolved_at DATETIME, 
	resolution TEXT, 
	PRIMARY KEY (incident_id)
);
INSERT INTO "alert_incidents" VALUES('incident_id ''1'' ü 100%','model ''1'' ü 100%','kind ''1'' ü 100%','2026-03-02 12:00:00.000001','2026-03-02 12:00:00.000001','resolution ''1'' ü 100%');
INSERT INTO "alert_incidents" VALUES('incident_id ''2'' ü 100%','model ''2'' ü 100%','kind ''2'' ü 100%','2026-03-03 12:00:00.000002','2026-03-03 12:00:00.000002','resolution ''2'' ü 100%');
INSERT INTO "alert_incidents" VALUES('incident_id ''3'' ü 100%','model ''3'' ü 100%','kind ''3'' ü 100%','2026-03-04 12:00:00.000003','2026-03-04 12:00:00.000003','resolution ''3'' ü 100%');
CREATE TABLE alert_outbox (
	seq INTEGER NOT NULL, 
	channel VARCHAR(20) NOT NULL, 
	notice_key VARCHAR(120) NOT NULL, 
	thread VARCHAR(80) NOT NULL, 
	model VARCHAR(80) NOT NULL, 
	severity VARCHAR(20) NOT NULL, 
	body TEXT NOT NULL, 
	state VARCHAR(20) NOT NULL, 
	attempts INTEGER NOT NULL, 
	queued_at DATETIME NOT NULL, 
	next_attempt_at DATETIME NOT NULL, 
	ended_at DATETIME, 
	last_error VARCHAR(200), 
	receipt JSON, 
	PRIMARY KEY (seq), 
	CONSTRAINT one_notice_per_channel UNIQUE (channel, notice_key)
);
INSERT INTO "alert_outbox" VALUES(1,'channel ''1'' ü 100%','notice_key ''1'' ü 100%','thread ''1'' ü 100%','model ''1'' ü 100%','severity ''1'' ü 100%','body ''1'' ü 100%','state ''1'' ü 100%',1,'2026-03-02 12:00:00.000001','2026-03-02 12:00:00.000001','2026-03-02 12:00:00.000001','last_error ''1'' ü 100%','{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 1}');
INSERT INTO "alert_outbox" VALUES(2,'channel ''2'' ü 100%','notice_key ''2'' ü 100%','thread ''2'' ü 100%','model ''2'' ü 100%','severity ''2'' ü 100%','body ''2'' ü 100%','state ''2'' ü 100%',2,'2026-03-03 12:00:00.000002','2026-03-03 12:00:00.000002','2026-03-03 12:00:00.000002','last_error ''2'' ü 100%','{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 2}');
INSERT INTO "alert_outbox" VALUES(3,'channel ''3'' ü 100%','notice_key ''3'' ü 100%','thread ''3'' ü 100%','model ''3'' ü 100%','severity ''3'' ü 100%','body ''3'' ü 100%','state ''3'' ü 100%',3,'2026-03-04 12:00:00.000003','2026-03-04 12:00:00.000003','2026-03-04 12:00:00.000003','last_error ''3'' ü 100%','{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 3}');
CREATE TABLE alert_received (
	request_key VARCHAR(80) NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (request_key)
);
INSERT INTO "alert_received" VALUES('request_key ''1'' ü 100%','2026-03-02 12:00:00.000001');
INSERT INTO "alert_received" VALUES('request_key ''2'' ü 100%','2026-03-03 12:00:00.000002');
INSERT INTO "alert_received" VALUES('request_key ''3'' ü 100%','2026-03-04 12:00:00.000003');
CREATE TABLE approvals (
	approval_id VARCHAR(40) NOT NULL, 
	decision_id VARCHAR(40) NOT NULL, 
	model VARCHAR(80) NOT NULL, 
	action VARCHAR(40) NOT NULL, 
	arguments JSON NOT NULL, 
	evidence_hash VARCHAR(64) NOT NULL, 
	champion_version INTEGER, 
	state VARCHAR(20) NOT NULL, 
	requested_at DATETIME NOT NULL, 
	expires_at DATETIME NOT NULL, 
	decided_by VARCHAR(120), 
	decided_at DATETIME, 
	reason TEXT, 
	PRIMARY KEY (approval_id), 
	CONSTRAINT one_approval_per_action UNIQUE (decision_id, action)
);
INSERT INTO "approvals" VALUES('approval_id ''1'' ü 100%','decision_id ''1'' ü 100%','model ''1'' ü 100%','action ''1'' ü 100%','{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 1}','evidence_hash ''1'' ü 100%',1,'state ''1'' ü 100%','2026-03-02 12:00:00.000001','2026-03-02 12:00:00.000001','decided_by ''1'' ü 100%','2026-03-02 12:00:00.000001','reason ''1'' ü 100%');
INSERT INTO "approvals" VALUES('approval_id ''2'' ü 100%','decision_id ''2'' ü 100%','model ''2'' ü 100%','action ''2'' ü 100%','{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 2}','evidence_hash ''2'' ü 100%',2,'state ''2'' ü 100%','2026-03-03 12:00:00.000002','2026-03-03 12:00:00.000002','decided_by ''2'' ü 100%','2026-03-03 12:00:00.000002','reason ''2'' ü 100%');
INSERT INTO "approvals" VALUES('approval_id ''3'' ü 100%','decision_id ''3'' ü 100%','model ''3'' ü 100%','action ''3'' ü 100%','{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 3}','evidence_hash ''3'' ü 100%',3,'state ''3'' ü 100%','2026-03-04 12:00:00.000003','2026-03-04 12:00:00.000003','decided_by ''3'' ü 100%','2026-03-04 12:00:00.000003','reason ''3'' ü 100%');
CREATE TABLE baselines (
	model VARCHAR(80) NOT NULL, 
	seq INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	who VARCHAR(120) NOT NULL, 
	body JSON NOT NULL, 
	PRIMARY KEY (model, seq)
);
INSERT INTO "baselines" VALUES('model ''1'' ü 100%',1,'2026-03-02 12:00:00.000001','who ''1'' ü 100%','{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 1}');
INSERT INTO "baselines" VALUES('model ''2'' ü 100%',2,'2026-03-03 12:00:00.000002','who ''2'' ü 100%','{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 2}');
INSERT INTO "baselines" VALUES('model ''3'' ü 100%',3,'2026-03-04 12:00:00.000003','who ''3'' ü 100%','{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 3}');
CREATE TABLE data_events (
	seq INTEGER NOT NULL, 
	event_key VARCHAR(120) NOT NULL, 
	model VARCHAR(80) NOT NULL, 
	source VARCHAR(80) NOT NULL, 
	rows INTEGER, 
	state VARCHAR(20) NOT NULL, 
	attempts INTEGER NOT NULL, 
	received_at DATETIME NOT NULL, 
	handled_at DATETIME, 
	decision_id VARCHAR(40), 
	last_error VARCHAR(200), retry_at DATETIME, 
	PRIMARY KEY (seq), 
	UNIQUE (event_key)
);
INSERT INTO "data_events" VALUES(1,'event_key ''1'' ü 100%','model ''1'' ü 100%','source ''1'' ü 100%',1,'state ''1'' ü 100%',1,'2026-03-02 12:00:00.000001','2026-03-02 12:00:00.000001','decision_id ''1'' ü 100%','last_error ''1'' ü 100%','2026-03-02 12:00:00.000001');
INSERT INTO "data_events" VALUES(2,'event_key ''2'' ü 100%','model ''2'' ü 100%','source ''2'' ü 100%',2,'state ''2'' ü 100%',2,'2026-03-03 12:00:00.000002','2026-03-03 12:00:00.000002','decision_id ''2'' ü 100%','last_error ''2'' ü 100%','2026-03-03 12:00:00.000002');
INSERT INTO "data_events" VALUES(3,'event_key ''3'' ü 100%','model ''3'' ü 100%','source ''3'' ü 100%',3,'state ''3'' ü 100%',3,'2026-03-04 12:00:00.000003','2026-03-04 12:00:00.000003','decision_id ''3'' ü 100%','last_error ''3'' ü 100%','2026-03-04 12:00:00.000003');
CREATE TABLE jobs (
	job_id VARCHAR(60) NOT NULL, 
	model VARCHAR(80) NOT NULL, 
	decision_id VARCHAR(40) NOT NULL, 
	state VARCHAR(20) NOT NULL, 
	active_model VARCHAR(80), 
	host VARCHAR(120) NOT NULL, 
	pid INTEGER, 
	pid_started_at FLOAT, 
	stage VARCHAR(120), 
	steps_done INTEGER, 
	steps_total INTEGER, 
	memory_bytes INTEGER, 
	memory_limit_bytes INTEGER, 
	time_limit_seconds FLOAT NOT NULL, 
	started_at DATETIME NOT NULL, 
	heartbeat_at DATETIME NOT NULL, 
	ended_at DATETIME, 
	exit_code INTEGER, 
	reason TEXT, 
	version INTEGER, 
	run_id VARCHAR(64), 
	cancelled_by VARCHAR(120), 
	cancelled_at DATETIME, 
	PRIMARY KEY (job_id), 
	UNIQUE (active_model)
);
INSERT INTO "jobs" VALUES('job_id ''1'' ü 100%','model ''1'' ü 100%','decision_id ''1'' ü 100%','state ''1'' ü 100%','active_model ''1'' ü 100%','host ''1'' ü 100%',1,3.33333333333333314829e-01,'stage ''1'' ü 100%',1,1,1,1,3.33333333333333314829e-01,'2026-03-02 12:00:00.000001','2026-03-02 12:00:00.000001','2026-03-02 12:00:00.000001',1,'reason ''1'' ü 100%',1,'run_id ''1'' ü 100%','cancelled_by ''1'' ü 100%','2026-03-02 12:00:00.000001');
INSERT INTO "jobs" VALUES('job_id ''2'' ü 100%','model ''2'' ü 100%','decision_id ''2'' ü 100%','state ''2'' ü 100%','active_model ''2'' ü 100%','host ''2'' ü 100%',2,6.66666666666666629659e-01,'stage ''2'' ü 100%',2,2,2,2,6.66666666666666629659e-01,'2026-03-03 12:00:00.000002','2026-03-03 12:00:00.000002','2026-03-03 12:00:00.000002',2,'reason ''2'' ü 100%',2,'run_id ''2'' ü 100%','cancelled_by ''2'' ü 100%','2026-03-03 12:00:00.000002');
INSERT INTO "jobs" VALUES('job_id ''3'' ü 100%','model ''3'' ü 100%','decision_id ''3'' ü 100%','state ''3'' ü 100%','active_model ''3'' ü 100%','host ''3'' ü 100%',3,1.0,'stage ''3'' ü 100%',3,3,3,3,1.0,'2026-03-04 12:00:00.000003','2026-03-04 12:00:00.000003','2026-03-04 12:00:00.000003',3,'reason ''3'' ü 100%',3,'run_id ''3'' ü 100%','cancelled_by ''3'' ü 100%','2026-03-04 12:00:00.000003');
CREATE TABLE label_approvals (
	model VARCHAR(80) NOT NULL, 
	source VARCHAR(80) NOT NULL, 
	who VARCHAR(120) NOT NULL, 
	why TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (model, source)
);
INSERT INTO "label_approvals" VALUES('model ''1'' ü 100%','source ''1'' ü 100%','who ''1'' ü 100%','why ''1'' ü 100%','2026-03-02 12:00:00.000001');
INSERT INTO "label_approvals" VALUES('model ''2'' ü 100%','source ''2'' ü 100%','who ''2'' ü 100%','why ''2'' ü 100%','2026-03-03 12:00:00.000002');
INSERT INTO "label_approvals" VALUES('model ''3'' ü 100%','source ''3'' ü 100%','who ''3'' ü 100%','why ''3'' ü 100%','2026-03-04 12:00:00.000003');
CREATE TABLE leases (
	name VARCHAR(120) NOT NULL, 
	holder VARCHAR(120) NOT NULL, 
	token INTEGER NOT NULL, 
	expires_at DATETIME NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "leases" VALUES('name ''1'' ü 100%','holder ''1'' ü 100%',1,'2026-03-02 12:00:00.000001');
INSERT INTO "leases" VALUES('name ''2'' ü 100%','holder ''2'' ü 100%',2,'2026-03-03 12:00:00.000002');
INSERT INTO "leases" VALUES('name ''3'' ü 100%','holder ''3'' ü 100%',3,'2026-03-04 12:00:00.000003');
CREATE TABLE ledger (
	seq INTEGER NOT NULL, 
	entry_id VARCHAR(40) NOT NULL, 
	decision_id VARCHAR(40) NOT NULL, 
	model VARCHAR(80) NOT NULL, 
	kind VARCHAR(40) NOT NULL, 
	at DATETIME NOT NULL, 
	idempotency_key VARCHAR(120), 
	body TEXT NOT NULL, 
	previous_hash VARCHAR(64) NOT NULL, 
	hash VARCHAR(64) NOT NULL, 
	PRIMARY KEY (seq), 
	UNIQUE (entry_id), 
	UNIQUE (idempotency_key), 
	UNIQUE (previous_hash)
);
INSERT INTO "ledger" VALUES(1,'entry_id ''1'' ü 100%','decision_id ''1'' ü 100%','model ''1'' ü 100%','kind ''1'' ü 100%','2026-03-02 12:00:00.000001','idempotency_key ''1'' ü 100%','{"place":1}','0000000000000000000000000000000000000000000000000000000000000000','c24b723684d26d19c2d7eb5bdf4514c7f998bcdc9908dc11592422d6fb759626');
INSERT INTO "ledger" VALUES(2,'entry_id ''2'' ü 100%','decision_id ''2'' ü 100%','model ''2'' ü 100%','kind ''2'' ü 100%','2026-03-03 12:00:00.000002','idempotency_key ''2'' ü 100%','{"place":2}','c24b723684d26d19c2d7eb5bdf4514c7f998bcdc9908dc11592422d6fb759626','0ed633ba01fcf2b818bcde0f1911320482e20831ccc01159705f4b1bd6f528a0');
INSERT INTO "ledger" VALUES(3,'entry_id ''3'' ü 100%','decision_id ''3'' ü 100%','model ''3'' ü 100%','kind ''3'' ü 100%','2026-03-04 12:00:00.000003','idempotency_key ''3'' ü 100%','{"place":3}','0ed633ba01fcf2b818bcde0f1911320482e20831ccc01159705f4b1bd6f528a0','d199543a0b03d384bda8aa9bda92d4b9f3426dd9ba71fb4bd02e1b840b52671f');
CREATE TABLE lineage (
	model VARCHAR(80) NOT NULL, 
	version INTEGER NOT NULL, 
	body JSON NOT NULL, 
	PRIMARY KEY (model, version)
);
INSERT INTO "lineage" VALUES('model ''1'' ü 100%',1,'{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 1}');
INSERT INTO "lineage" VALUES('model ''2'' ü 100%',2,'{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 2}');
INSERT INTO "lineage" VALUES('model ''3'' ü 100%',3,'{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 3}');
CREATE TABLE pins (
	model VARCHAR(80) NOT NULL, 
	seq INTEGER NOT NULL, 
	pinned SMALLINT NOT NULL, 
	version INTEGER NOT NULL, 
	who VARCHAR(120) NOT NULL, 
	why TEXT NOT NULL, 
	lift_when TEXT, 
	until DATETIME, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (model, seq)
);
INSERT INTO "pins" VALUES('model ''1'' ü 100%',1,1,1,'who ''1'' ü 100%','why ''1'' ü 100%','lift_when ''1'' ü 100%','2026-03-02 12:00:00.000001','2026-03-02 12:00:00.000001');
INSERT INTO "pins" VALUES('model ''2'' ü 100%',2,2,2,'who ''2'' ü 100%','why ''2'' ü 100%','lift_when ''2'' ü 100%','2026-03-03 12:00:00.000002','2026-03-03 12:00:00.000002');
INSERT INTO "pins" VALUES('model ''3'' ü 100%',3,3,3,'who ''3'' ü 100%','why ''3'' ü 100%','lift_when ''3'' ü 100%','2026-03-04 12:00:00.000003','2026-03-04 12:00:00.000003');
CREATE TABLE promotions (
	model VARCHAR(80) NOT NULL, 
	generation INTEGER NOT NULL, 
	kind VARCHAR(20) NOT NULL, 
	from_version INTEGER, 
	to_version INTEGER NOT NULL, 
	who VARCHAR(120) NOT NULL, 
	why TEXT NOT NULL, 
	verdict_id VARCHAR(40), 
	decision_id VARCHAR(40), 
	at DATETIME NOT NULL, 
	PRIMARY KEY (model, generation)
);
INSERT INTO "promotions" VALUES('model ''1'' ü 100%',1,'kind ''1'' ü 100%',1,1,'who ''1'' ü 100%','why ''1'' ü 100%','verdict_id ''1'' ü 100%','decision_id ''1'' ü 100%','2026-03-02 12:00:00.000001');
INSERT INTO "promotions" VALUES('model ''2'' ü 100%',2,'kind ''2'' ü 100%',2,2,'who ''2'' ü 100%','why ''2'' ü 100%','verdict_id ''2'' ü 100%','decision_id ''2'' ü 100%','2026-03-03 12:00:00.000002');
INSERT INTO "promotions" VALUES('model ''3'' ü 100%',3,'kind ''3'' ü 100%',3,3,'who ''3'' ü 100%','why ''3'' ü 100%','verdict_id ''3'' ü 100%','decision_id ''3'' ü 100%','2026-03-04 12:00:00.000003');
CREATE TABLE rollout_events (
	model VARCHAR(80) NOT NULL, 
	seq INTEGER NOT NULL, 
	rollout_id VARCHAR(40) NOT NULL, 
	kind VARCHAR(20) NOT NULL, 
	version INTEGER NOT NULL, 
	champion_version INTEGER NOT NULL, 
	generation INTEGER NOT NULL, 
	verdict_id VARCHAR(40) NOT NULL, 
	decision_id VARCHAR(40), 
	stage INTEGER NOT NULL, 
	"plan" JSON NOT NULL, 
	body JSON NOT NULL, 
	who VARCHAR(120) NOT NULL, 
	why TEXT NOT NULL, 
	started_at DATETIME NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (model, seq)
);
INSERT INTO "rollout_events" VALUES('model ''1'' ü 100%',1,'rollout_id ''1'' ü 100%','kind ''1'' ü 100%',1,1,1,'verdict_id ''1'' ü 100%','decision_id ''1'' ü 100%',1,'{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 1}','{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 1}','who ''1'' ü 100%','why ''1'' ü 100%','2026-03-02 12:00:00.000001','2026-03-02 12:00:00.000001');
INSERT INTO "rollout_events" VALUES('model ''2'' ü 100%',2,'rollout_id ''2'' ü 100%','kind ''2'' ü 100%',2,2,2,'verdict_id ''2'' ü 100%','decision_id ''2'' ü 100%',2,'{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 2}','{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 2}','who ''2'' ü 100%','why ''2'' ü 100%','2026-03-03 12:00:00.000002','2026-03-03 12:00:00.000002');
INSERT INTO "rollout_events" VALUES('model ''3'' ü 100%',3,'rollout_id ''3'' ü 100%','kind ''3'' ü 100%',3,3,3,'verdict_id ''3'' ü 100%','decision_id ''3'' ü 100%',3,'{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 3}','{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 3}','who ''3'' ü 100%','why ''3'' ü 100%','2026-03-04 12:00:00.000003','2026-03-04 12:00:00.000003');
CREATE TABLE schedule_claims (
	model VARCHAR(80) NOT NULL, 
	kind VARCHAR(20) NOT NULL, 
	due_at DATETIME NOT NULL, 
	fired_at DATETIME NOT NULL, 
	holder VARCHAR(120) NOT NULL, 
	token INTEGER NOT NULL, 
	PRIMARY KEY (model, kind)
);
INSERT INTO "schedule_claims" VALUES('model ''1'' ü 100%','kind ''1'' ü 100%','2026-03-02 12:00:00.000001','2026-03-02 12:00:00.000001','holder ''1'' ü 100%',1);
INSERT INTO "schedule_claims" VALUES('model ''2'' ü 100%','kind ''2'' ü 100%','2026-03-03 12:00:00.000002','2026-03-03 12:00:00.000002','holder ''2'' ü 100%',2);
INSERT INTO "schedule_claims" VALUES('model ''3'' ü 100%','kind ''3'' ü 100%','2026-03-04 12:00:00.000003','2026-03-04 12:00:00.000003','holder ''3'' ü 100%',3);
CREATE TABLE verdicts (
	verdict_id VARCHAR(40) NOT NULL, 
	model VARCHAR(80) NOT NULL, 
	version INTEGER NOT NULL, 
	champion_version INTEGER, 
	status VARCHAR(20) NOT NULL, 
	at DATETIME NOT NULL, 
	body JSON NOT NULL, 
	PRIMARY KEY (verdict_id)
);
INSERT INTO "verdicts" VALUES('verdict_id ''1'' ü 100%','model ''1'' ü 100%',1,1,'status ''1'' ü 100%','2026-03-02 12:00:00.000001','{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 1}');
INSERT INTO "verdicts" VALUES('verdict_id ''2'' ü 100%','model ''2'' ü 100%',2,2,'status ''2'' ü 100%','2026-03-03 12:00:00.000002','{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 2}');
INSERT INTO "verdicts" VALUES('verdict_id ''3'' ü 100%','model ''3'' ü 100%',3,3,'status ''3'' ü 100%','2026-03-04 12:00:00.000003','{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 3}');
CREATE TABLE versions (
	model VARCHAR(80) NOT NULL, 
	version INTEGER NOT NULL, 
	artifact_sha256 VARCHAR(64) NOT NULL, 
	artifact_bytes INTEGER NOT NULL, 
	run_id VARCHAR(64), 
	trained_at DATETIME NOT NULL, 
	training_rows INTEGER NOT NULL, 
	training_rows_sha256 VARCHAR(64) NOT NULL, 
	decision_id VARCHAR(40), 
	PRIMARY KEY (model, version)
);
INSERT INTO "versions" VALUES('model ''1'' ü 100%',1,'artifact_sha256 ''1'' ü 100%',1,'run_id ''1'' ü 100%','2026-03-02 12:00:00.000001',1,'training_rows_sha256 ''1'' ü 100%','decision_id ''1'' ü 100%');
INSERT INTO "versions" VALUES('model ''2'' ü 100%',2,'artifact_sha256 ''2'' ü 100%',2,'run_id ''2'' ü 100%','2026-03-03 12:00:00.000002',2,'training_rows_sha256 ''2'' ü 100%','decision_id ''2'' ü 100%');
INSERT INTO "versions" VALUES('model ''3'' ü 100%',3,'artifact_sha256 ''3'' ü 100%',3,'run_id ''3'' ü 100%','2026-03-04 12:00:00.000003',3,'training_rows_sha256 ''3'' ü 100%','decision_id ''3'' ü 100%');
CREATE INDEX verdicts_by_version ON verdicts (model, version);
CREATE INDEX ledger_by_decision ON ledger (decision_id, seq);
CREATE INDEX ledger_by_model ON ledger (model, kind, seq);
CREATE INDEX approvals_by_state ON approvals (state, model);
CREATE INDEX alert_incidents_by_model ON alert_incidents (model, kind, opened_at);
CREATE INDEX alert_outbox_by_state ON alert_outbox (state, channel, seq);
CREATE INDEX alert_outbox_by_thread ON alert_outbox (channel, thread, seq);
CREATE INDEX jobs_by_model ON jobs (model, started_at);
CREATE INDEX jobs_by_decision ON jobs (decision_id, started_at);
CREATE INDEX data_events_by_state ON data_events (state, model, seq);
COMMIT;
