BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('telemetry_0003');
CREATE TABLE labels (
	seq INTEGER NOT NULL, 
	prediction_id VARCHAR(40) NOT NULL, 
	label SMALLINT NOT NULL, 
	source VARCHAR(80) NOT NULL, 
	at DATETIME NOT NULL, model VARCHAR(80), 
	PRIMARY KEY (seq)
);
INSERT INTO "labels" VALUES(1,'prediction_id ''1'' ü 100%',1,'source ''1'' ü 100%','2026-03-02 12:00:00.000001','model ''1'' ü 100%');
INSERT INTO "labels" VALUES(2,'prediction_id ''2'' ü 100%',2,'source ''2'' ü 100%','2026-03-03 12:00:00.000002','model ''2'' ü 100%');
INSERT INTO "labels" VALUES(3,'prediction_id ''3'' ü 100%',3,'source ''3'' ü 100%','2026-03-04 12:00:00.000003','model ''3'' ü 100%');
CREATE TABLE predictions (
	seq INTEGER NOT NULL, 
	prediction_id VARCHAR(40) NOT NULL, 
	model VARCHAR(80) NOT NULL, 
	version INTEGER NOT NULL, 
	slot VARCHAR(20) NOT NULL, 
	at DATETIME NOT NULL, 
	input TEXT NOT NULL, 
	prediction SMALLINT NOT NULL, 
	score FLOAT NOT NULL, 
	PRIMARY KEY (seq), 
	UNIQUE (prediction_id)
);
INSERT INTO "predictions" VALUES(1,'prediction_id ''1'' ü 100%','model ''1'' ü 100%',1,'slot ''1'' ü 100%','2026-03-02 12:00:00.000001','input ''1'' ü 100%',1,3.33333333333333314829e-01);
INSERT INTO "predictions" VALUES(2,'prediction_id ''2'' ü 100%','model ''2'' ü 100%',2,'slot ''2'' ü 100%','2026-03-03 12:00:00.000002','input ''2'' ü 100%',2,6.66666666666666629659e-01);
INSERT INTO "predictions" VALUES(3,'prediction_id ''3'' ü 100%','model ''3'' ü 100%',3,'slot ''3'' ü 100%','2026-03-04 12:00:00.000003','input ''3'' ü 100%',3,1.0);
CREATE TABLE reports (
	seq INTEGER NOT NULL, 
	model VARCHAR(80) NOT NULL, 
	generation INTEGER NOT NULL, 
	scheduled SMALLINT NOT NULL, 
	from_seq INTEGER NOT NULL, 
	to_seq INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	body JSON NOT NULL, 
	PRIMARY KEY (seq)
);
INSERT INTO "reports" VALUES(1,'model ''1'' ü 100%',1,1,1,1,'2026-03-02 12:00:00.000001','{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 1}');
INSERT INTO "reports" VALUES(2,'model ''2'' ü 100%',2,2,2,2,'2026-03-03 12:00:00.000002','{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 2}');
INSERT INTO "reports" VALUES(3,'model ''3'' ü 100%',3,3,3,3,'2026-03-04 12:00:00.000003','{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 3}');
CREATE INDEX predictions_by_version ON predictions (model, version, seq);
CREATE INDEX predictions_by_model ON predictions (model, seq);
CREATE INDEX labels_by_prediction ON labels (prediction_id, seq);
CREATE INDEX labels_by_time ON labels (at, seq);
CREATE INDEX reports_by_model ON reports (model, seq);
CREATE INDEX reports_by_end ON reports (model, scheduled, to_seq);
CREATE INDEX labels_by_model ON labels (model, seq);
CREATE INDEX labels_by_model_time ON labels (model, at, seq);
COMMIT;
