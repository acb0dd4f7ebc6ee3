SELECT pg_catalog.set_config('search_path', '', false);
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.alert_buttons (
    button_id character varying(40) NOT NULL,
    purpose character varying(20) NOT NULL,
    model character varying(80) NOT NULL,
    subject json NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_by character varying(120),
    used_at timestamp with time zone
);
CREATE TABLE public.alert_cursors (
    source character varying(120) NOT NULL,
    "position" bigint NOT NULL
);
CREATE TABLE public.alert_incidents (
    incident_id character varying(80) NOT NULL,
    model character varying(80) NOT NULL,
    kind character varying(20) NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    resolved_at timestamp with time zone,
    resolution text
);
CREATE TABLE public.alert_outbox (
    seq bigint NOT NULL,
    channel character varying(20) NOT NULL,
    notice_key character varying(120) NOT NULL,
    thread character varying(80) NOT NULL,
    model character varying(80) NOT NULL,
    severity character varying(20) NOT NULL,
    body text NOT NULL,
    state character varying(20) NOT NULL,
    attempts integer NOT NULL,
    queued_at timestamp with time zone NOT NULL,
    next_attempt_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    last_error character varying(200),
    receipt json
);
CREATE SEQUENCE public.alert_outbox_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.alert_outbox_seq_seq OWNED BY public.alert_outbox.seq;
CREATE TABLE public.alert_received (
    request_key character varying(80) NOT NULL,
    at timestamp with time zone NOT NULL
);
CREATE TABLE public.approvals (
    approval_id character varying(40) NOT NULL,
    decision_id character varying(40) NOT NULL,
    model character varying(80) NOT NULL,
    action character varying(40) NOT NULL,
    arguments json NOT NULL,
    evidence_hash character varying(64) NOT NULL,
    champion_version integer,
    state character varying(20) NOT NULL,
    requested_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    decided_by character varying(120),
    decided_at timestamp with time zone,
    reason text
);
CREATE TABLE public.baselines (
    model character varying(80) NOT NULL,
    seq integer NOT NULL,
    at timestamp with time zone NOT NULL,
    who character varying(120) NOT NULL,
    body json NOT NULL
);
CREATE TABLE public.data_events (
    seq bigint NOT NULL,
    event_key character varying(120) NOT NULL,
    model character varying(80) NOT NULL,
    source character varying(80) NOT NULL,
    rows bigint,
    state character varying(20) NOT NULL,
    attempts integer NOT NULL,
    received_at timestamp with time zone NOT NULL,
    handled_at timestamp with time zone,
    decision_id character varying(40),
    last_error character varying(200),
    retry_at timestamp with time zone
);
CREATE SEQUENCE public.data_events_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.data_events_seq_seq OWNED BY public.data_events.seq;
CREATE TABLE public.jobs (
    job_id character varying(60) NOT NULL,
    model character varying(80) NOT NULL,
    decision_id character varying(40) NOT NULL,
    state character varying(20) NOT NULL,
    active_model character varying(80),
    host character varying(120) NOT NULL,
    pid integer,
    pid_started_at double precision,
    stage character varying(120),
    steps_done integer,
    steps_total integer,
    memory_bytes bigint,
    memory_limit_bytes bigint,
    time_limit_seconds double precision NOT NULL,
    started_at timestamp with time zone NOT NULL,
    heartbeat_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    exit_code integer,
    reason text,
    version integer,
    run_id character varying(64),
    cancelled_by character varying(120),
    cancelled_at timestamp with time zone
);
CREATE TABLE public.label_approvals (
    model character varying(80) NOT NULL,
    source character varying(80) NOT NULL,
    who character varying(120) NOT NULL,
    why text NOT NULL,
    at timestamp with time zone NOT NULL
);
CREATE TABLE public.leases (
    name character varying(120) NOT NULL,
    holder character varying(120) NOT NULL,
    token integer NOT NULL,
    expires_at timestamp with time zone NOT NULL
);
CREATE TABLE public.ledger (
    seq bigint NOT NULL,
    entry_id character varying(40) NOT NULL,
    decision_id character varying(40) NOT NULL,
    model character varying(80) NOT NULL,
    kind character varying(40) NOT NULL,
    at timestamp with time zone NOT NULL,
    idempotency_key character varying(120),
    body text NOT NULL,
    previous_hash character varying(64) NOT NULL,
    hash character varying(64) NOT NULL
);
CREATE SEQUENCE public.ledger_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.ledger_seq_seq OWNED BY public.ledger.seq;
CREATE TABLE public.lineage (
    model character varying(80) NOT NULL,
    version integer NOT NULL,
    body json NOT NULL
);
CREATE TABLE public.pins (
    model character varying(80) NOT NULL,
    seq integer NOT NULL,
    pinned smallint NOT NULL,
    version integer NOT NULL,
    who character varying(120) NOT NULL,
    why text NOT NULL,
    lift_when text,
    until timestamp with time zone,
    at timestamp with time zone NOT NULL
);
CREATE TABLE public.promotions (
    model character varying(80) NOT NULL,
    generation integer NOT NULL,
    kind character varying(20) NOT NULL,
    from_version integer,
    to_version integer NOT NULL,
    who character varying(120) NOT NULL,
    why text NOT NULL,
    verdict_id character varying(40),
    decision_id character varying(40),
    at timestamp with time zone NOT NULL
);
CREATE TABLE public.rollout_events (
    model character varying(80) NOT NULL,
    seq integer NOT NULL,
    rollout_id character varying(40) NOT NULL,
    kind character varying(20) NOT NULL,
    version integer NOT NULL,
    champion_version integer NOT NULL,
    generation integer NOT NULL,
    verdict_id character varying(40) NOT NULL,
    decision_id character varying(40),
    stage integer NOT NULL,
    plan json NOT NULL,
    body json NOT NULL,
    who character varying(120) NOT NULL,
    why text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    at timestamp with time zone NOT NULL
);
CREATE TABLE public.schedule_claims (
    model character varying(80) NOT NULL,
    kind character varying(20) NOT NULL,
    due_at timestamp with time zone NOT NULL,
    fired_at timestamp with time zone NOT NULL,
    holder character varying(120) NOT NULL,
    token integer NOT NULL
);
CREATE TABLE public.verdicts (
    verdict_id character varying(40) NOT NULL,
    model character varying(80) NOT NULL,
    version integer NOT NULL,
    champion_version integer,
    status character varying(20) NOT NULL,
    at timestamp with time zone NOT NULL,
    body json NOT NULL
);
CREATE TABLE public.versions (
    model character varying(80) NOT NULL,
    version integer NOT NULL,
    artifact_sha256 character varying(64) NOT NULL,
    artifact_bytes integer NOT NULL,
    run_id character varying(64),
    trained_at timestamp with time zone NOT NULL,
    training_rows integer NOT NULL,
    training_rows_sha256 character varying(64) NOT NULL,
    decision_id character varying(40)
);
ALTER TABLE ONLY public.alert_outbox ALTER COLUMN seq SET DEFAULT nextval('public.alert_outbox_seq_seq'::regclass);
ALTER TABLE ONLY public.data_events ALTER COLUMN seq SET DEFAULT nextval('public.data_events_seq_seq'::regclass);
ALTER TABLE ONLY public.ledger ALTER COLUMN seq SET DEFAULT nextval('public.ledger_seq_seq'::regclass);
INSERT INTO public.alembic_version VALUES ('control_0004');
INSERT INTO public.alert_buttons VALUES ('button_id ''1'' ü 100%', 'purpose ''1'' ü 100%', 'model ''1'' ü 100%', '{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 1}', '2026-03-02 12:00:00.000001+00', 'used_by ''1'' ü 100%', '2026-03-02 12:00:00.000001+00');
INSERT INTO public.alert_buttons VALUES ('button_id ''2'' ü 100%', 'purpose ''2'' ü 100%', 'model ''2'' ü 100%', '{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 2}', '2026-03-03 12:00:00.000002+00', 'used_by ''2'' ü 100%', '2026-03-03 12:00:00.000002+00');
INSERT INTO public.alert_buttons VALUES ('button_id ''3'' ü 100%', 'purpose ''3'' ü 100%', 'model ''3'' ü 100%', '{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 3}', '2026-03-04 12:00:00.000003+00', 'used_by ''3'' ü 100%', '2026-03-04 12:00:00.000003+00');
INSERT INTO public.alert_cursors VALUES ('source ''1'' ü 100%', 1);
INSERT INTO public.alert_cursors VALUES ('source ''2'' ü 100%', 2);
INSERT INTO public.alert_cursors VALUES ('source ''3'' ü 100%', 3);
INSERT INTO public.alert_incidents VALUES ('incident_id ''1'' ü 100%', 'model ''1'' ü 100%', 'kind ''1'' ü 100%', '2026-03-02 12:00:00.000001+00', '2026-03-02 12:00:00.000001+00', 'resolution ''1'' ü 100%');
INSERT INTO public.alert_incidents VALUES ('incident_id ''2'' ü 100%', 'model ''2'' ü 100%', 'kind ''2'' ü 100%', '2026-03-03 12:00:00.000002+00', '2026-03-03 12:00:00.000002+00', 'resolution ''2'' ü 100%');
INSERT INTO public.alert_incidents VALUES ('incident_id ''3'' ü 100%', 'model ''3'' ü 100%', 'kind ''3'' ü 100%', '2026-03-04 12:00:00.000003+00', '2026-03-04 12:00:00.000003+00', 'resolution ''3'' ü 100%');
INSERT INTO public.alert_outbox VALUES (1, 'channel ''1'' ü 100%', 'notice_key ''1'' ü 100%', 'thread ''1'' ü 100%', 'model ''1'' ü 100%', 'severity ''1'' ü 100%', 'body ''1'' ü 100%', 'state ''1'' ü 100%', 1, '2026-03-02 12:00:00.000001+00', '2026-03-02 12:00:00.000001+00', '2026-03-02 12:00:00.000001+00', 'last_error ''1'' ü 100%', '{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 1}');
INSERT INTO public.alert_outbox VALUES (2, 'channel ''2'' ü 100%', 'notice_key ''2'' ü 100%', 'thread ''2'' ü 100%', 'model ''2'' ü 100%', 'severity ''2'' ü 100%', 'body ''2'' ü 100%', 'state ''2'' ü 100%', 2, '2026-03-03 12:00:00.000002+00', '2026-03-03 12:00:00.000002+00', '2026-03-03 12:00:00.000002+00', 'last_error ''2'' ü 100%', '{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 2}');
INSERT INTO public.alert_outbox VALUES (3, 'channel ''3'' ü 100%', 'notice_key ''3'' ü 100%', 'thread ''3'' ü 100%', 'model ''3'' ü 100%', 'severity ''3'' ü 100%', 'body ''3'' ü 100%', 'state ''3'' ü 100%', 3, '2026-03-04 12:00:00.000003+00', '2026-03-04 12:00:00.000003+00', '2026-03-04 12:00:00.000003+00', 'last_error ''3'' ü 100%', '{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 3}');
INSERT INTO public.alert_received VALUES ('request_key ''1'' ü 100%', '2026-03-02 12:00:00.000001+00');
INSERT INTO public.alert_received VALUES ('request_key ''2'' ü 100%', '2026-03-03 12:00:00.000002+00');
INSERT INTO public.alert_received VALUES ('request_key ''3'' ü 100%', '2026-03-04 12:00:00.000003+00');
INSERT INTO public.approvals VALUES ('approval_id ''1'' ü 100%', 'decision_id ''1'' ü 100%', 'model ''1'' ü 100%', 'action ''1'' ü 100%', '{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 1}', 'evidence_hash ''1'' ü 100%', 1, 'state ''1'' ü 100%', '2026-03-02 12:00:00.000001+00', '2026-03-02 12:00:00.000001+00', 'decided_by ''1'' ü 100%', '2026-03-02 12:00:00.000001+00', 'reason ''1'' ü 100%');
INSERT INTO public.approvals VALUES ('approval_id ''2'' ü 100%', 'decision_id ''2'' ü 100%', 'model ''2'' ü 100%', 'action ''2'' ü 100%', '{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 2}', 'evidence_hash ''2'' ü 100%', 2, 'state ''2'' ü 100%', '2026-03-03 12:00:00.000002+00', '2026-03-03 12:00:00.000002+00', 'decided_by ''2'' ü 100%', '2026-03-03 12:00:00.000002+00', 'reason ''2'' ü 100%');
INSERT INTO public.approvals VALUES ('approval_id ''3'' ü 100%', 'decision_id ''3'' ü 100%', 'model ''3'' ü 100%', 'action ''3'' ü 100%', '{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 3}', 'evidence_hash ''3'' ü 100%', 3, 'state ''3'' ü 100%', '2026-03-04 12:00:00.000003+00', '2026-03-04 12:00:00.000003+00', 'decided_by ''3'' ü 100%', '2026-03-04 12:00:00.000003+00', 'reason ''3'' ü 100%');
INSERT INTO public.baselines VALUES ('model ''1'' ü 100%', 1, '2026-03-02 12:00:00.000001+00', 'who ''1'' ü 100%', '{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 1}');
INSERT INTO public.baselines VALUES ('model ''2'' ü 100%', 2, '2026-03-03 12:00:00.000002+00', 'who ''2'' ü 100%', '{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 2}');
INSERT INTO public.baselines VALUES ('model ''3'' ü 100%', 3, '2026-03-04 12:00:00.000003+00', 'who ''3'' ü 100%', '{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 3}');
INSERT INTO public.data_events VALUES (1, 'event_key ''1'' ü 100%', 'model ''1'' ü 100%', 'source ''1'' ü 100%', 1, 'state ''1'' ü 100%', 1, '2026-03-02 12:00:00.000001+00', '2026-03-02 12:00:00.000001+00', 'decision_id ''1'' ü 100%', 'last_error ''1'' ü 100%', '2026-03-02 12:00:00.000001+00');
INSERT INTO public.data_events VALUES (2, 'event_key ''2'' ü 100%', 'model ''2'' ü 100%', 'source ''2'' ü 100%', 2, 'state ''2'' ü 100%', 2, '2026-03-03 12:00:00.000002+00', '2026-03-03 12:00:00.000002+00', 'decision_id ''2'' ü 100%', 'last_error ''2'' ü 100%', '2026-03-03 12:00:00.000002+00');
INSERT INTO public.data_events VALUES (3, 'event_key ''3'' ü 100%', 'model ''3'' ü 100%', 'source ''3'' ü 100%', 3, 'state ''3'' ü 100%', 3, '2026-03-04 12:00:00.000003+00', '2026-03-04 12:00:00.000003+00', 'decision_id ''3'' ü 100%', 'last_error ''3'' ü 100%', '2026-03-04 12:00:00.000003+00');
INSERT INTO public.jobs VALUES ('job_id ''1'' ü 100%', 'model ''1'' ü 100%', 'decision_id ''1'' ü 100%', 'state ''1'' ü 100%', 'active_model ''1'' ü 100%', 'host ''1'' ü 100%', 1, 0.3333333333333333, 'stage ''1'' ü 100%', 1, 1, 1, 1, 0.3333333333333333, '2026-03-02 12:00:00.000001+00', '2026-03-02 12:00:00.000001+00', '2026-03-02 12:00:00.000001+00', 1, 'reason ''1'' ü 100%', 1, 'run_id ''1'' ü 100%', 'cancelled_by ''1'' ü 100%', '2026-03-02 12:00:00.000001+00');
INSERT INTO public.jobs VALUES ('job_id ''2'' ü 100%', 'model ''2'' ü 100%', 'decision_id ''2'' ü 100%', 'state ''2'' ü 100%', 'active_model ''2'' ü 100%', 'host ''2'' ü 100%', 2, 0.6666666666666666, 'stage ''2'' ü 100%', 2, 2, 2, 2, 0.6666666666666666, '2026-03-03 12:00:00.000002+00', '2026-03-03 12:00:00.000002+00', '2026-03-03 12:00:00.000002+00', 2, 'reason ''2'' ü 100%', 2, 'run_id ''2'' ü 100%', 'cancelled_by ''2'' ü 100%', '2026-03-03 12:00:00.000002+00');
INSERT INTO public.jobs VALUES ('job_id ''3'' ü 100%', 'model ''3'' ü 100%', 'decision_id ''3'' ü 100%', 'state ''3'' ü 100%', 'active_model ''3'' ü 100%', 'host ''3'' ü 100%', 3, 1, 'stage ''3'' ü 100%', 3, 3, 3, 3, 1, '2026-03-04 12:00:00.000003+00', '2026-03-04 12:00:00.000003+00', '2026-03-04 12:00:00.000003+00', 3, 'reason ''3'' ü 100%', 3, 'run_id ''3'' ü 100%', 'cancelled_by ''3'' ü 100%', '2026-03-04 12:00:00.000003+00');
INSERT INTO public.label_approvals VALUES ('model ''1'' ü 100%', 'source ''1'' ü 100%', 'who ''1'' ü 100%', 'why ''1'' ü 100%', '2026-03-02 12:00:00.000001+00');
INSERT INTO public.label_approvals VALUES ('model ''2'' ü 100%', 'source ''2'' ü 100%', 'who ''2'' ü 100%', 'why ''2'' ü 100%', '2026-03-03 12:00:00.000002+00');
INSERT INTO public.label_approvals VALUES ('model ''3'' ü 100%', 'source ''3'' ü 100%', 'who ''3'' ü 100%', 'why ''3'' ü 100%', '2026-03-04 12:00:00.000003+00');
INSERT INTO public.leases VALUES ('name ''1'' ü 100%', 'holder ''1'' ü 100%', 1, '2026-03-02 12:00:00.000001+00');
INSERT INTO public.leases VALUES ('name ''2'' ü 100%', 'holder ''2'' ü 100%', 2, '2026-03-03 12:00:00.000002+00');
INSERT INTO public.leases VALUES ('name ''3'' ü 100%', 'holder ''3'' ü 100%', 3, '2026-03-04 12:00:00.000003+00');
INSERT INTO public.ledger VALUES (1, 'entry_id ''1'' ü 100%', 'decision_id ''1'' ü 100%', 'model ''1'' ü 100%', 'kind ''1'' ü 100%', '2026-03-02 12:00:00.000001+00', 'idempotency_key ''1'' ü 100%', '{"place":1}', '0000000000000000000000000000000000000000000000000000000000000000', 'c24b723684d26d19c2d7eb5bdf4514c7f998bcdc9908dc11592422d6fb759626');
INSERT INTO public.ledger VALUES (2, 'entry_id ''2'' ü 100%', 'decision_id ''2'' ü 100%', 'model ''2'' ü 100%', 'kind ''2'' ü 100%', '2026-03-03 12:00:00.000002+00', 'idempotency_key ''2'' ü 100%', '{"place":2}', 'c24b723684d26d19c2d7eb5bdf4514c7f998bcdc9908dc11592422d6fb759626', '0ed633ba01fcf2b818bcde0f1911320482e20831ccc01159705f4b1bd6f528a0');
INSERT INTO public.ledger VALUES (3, 'entry_id ''3'' ü 100%', 'decision_id ''3'' ü 100%', 'model ''3'' ü 100%', 'kind ''3'' ü 100%', '2026-03-04 12:00:00.000003+00', 'idempotency_key ''3'' ü 100%', '{"place":3}', '0ed633ba01fcf2b818bcde0f1911320482e20831ccc01159705f4b1bd6f528a0', 'd199543a0b03d384bda8aa9bda92d4b9f3426dd9ba71fb4bd02e1b840b52671f');
INSERT INTO public.lineage VALUES ('model ''1'' ü 100%', 1, '{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 1}');
INSERT INTO public.lineage VALUES ('model ''2'' ü 100%', 2, '{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 2}');
INSERT INTO public.lineage VALUES ('model ''3'' ü 100%', 3, '{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 3}');
INSERT INTO public.pins VALUES ('model ''1'' ü 100%', 1, 1, 1, 'who ''1'' ü 100%', 'why ''1'' ü 100%', 'lift_when ''1'' ü 100%', '2026-03-02 12:00:00.000001+00', '2026-03-02 12:00:00.000001+00');
INSERT INTO public.pins VALUES ('model ''2'' ü 100%', 2, 2, 2, 'who ''2'' ü 100%', 'why ''2'' ü 100%', 'lift_when ''2'' ü 100%', '2026-03-03 12:00:00.000002+00', '2026-03-03 12:00:00.000002+00');
INSERT INTO public.pins VALUES ('model ''3'' ü 100%', 3, 3, 3, 'who ''3'' ü 100%', 'why ''3'' ü 100%', 'lift_when ''3'' ü 100%', '2026-03-04 12:00:00.000003+00', '2026-03-04 12:00:00.000003+00');
INSERT INTO public.promotions VALUES ('model ''1'' ü 100%', 1, 'kind ''1'' ü 100%', 1, 1, 'who ''1'' ü 100%', 'why ''1'' ü 100%', 'verdict_id ''1'' ü 100%', 'decision_id ''1'' ü 100%', '2026-03-02 12:00:00.000001+00');
INSERT INTO public.promotions VALUES ('model ''2'' ü 100%', 2, 'kind ''2'' ü 100%', 2, 2, 'who ''2'' ü 100%', 'why ''2'' ü 100%', 'verdict_id ''2'' ü 100%', 'decision_id ''2'' ü 100%', '2026-03-03 12:00:00.000002+00');
INSERT INTO public.promotions VALUES ('model ''3'' ü 100%', 3, 'kind ''3'' ü 100%', 3, 3, 'who ''3'' ü 100%', 'why ''3'' ü 100%', 'verdict_id ''3'' ü 100%', 'decision_id ''3'' ü 100%', '2026-03-04 12:00:00.000003+00');
INSERT INTO public.rollout_events VALUES ('model ''1'' ü 100%', 1, 'rollout_id ''1'' ü 100%', 'kind ''1'' ü 100%', 1, 1, 1, 'verdict_id ''1'' ü 100%', 'decision_id ''1'' ü 100%', 1, '{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 1}', '{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 1}', 'who ''1'' ü 100%', 'why ''1'' ü 100%', '2026-03-02 12:00:00.000001+00', '2026-03-02 12:00:00.000001+00');
INSERT INTO public.rollout_events VALUES ('model ''2'' ü 100%', 2, 'rollout_id ''2'' ü 100%', 'kind ''2'' ü 100%', 2, 2, 2, 'verdict_id ''2'' ü 100%', 'decision_id ''2'' ü 100%', 2, '{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 2}', '{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 2}', 'who ''2'' ü 100%', 'why ''2'' ü 100%', '2026-03-03 12:00:00.000002+00', '2026-03-03 12:00:00.000002+00');
INSERT INTO public.rollout_events VALUES ('model ''3'' ü 100%', 3, 'rollout_id ''3'' ü 100%', 'kind ''3'' ü 100%', 3, 3, 3, 'verdict_id ''3'' ü 100%', 'decision_id ''3'' ü 100%', 3, '{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 3}', '{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 3}', 'who ''3'' ü 100%', 'why ''3'' ü 100%', '2026-03-04 12:00:00.000003+00', '2026-03-04 12:00:00.000003+00');
INSERT INTO public.schedule_claims VALUES ('model ''1'' ü 100%', 'kind ''1'' ü 100%', '2026-03-02 12:00:00.000001+00', '2026-03-02 12:00:00.000001+00', 'holder ''1'' ü 100%', 1);
INSERT INTO public.schedule_claims VALUES ('model ''2'' ü 100%', 'kind ''2'' ü 100%', '2026-03-03 12:00:00.000002+00', '2026-03-03 12:00:00.000002+00', 'holder ''2'' ü 100%', 2);
INSERT INTO public.schedule_claims VALUES ('model ''3'' ü 100%', 'kind ''3'' ü 100%', '2026-03-04 12:00:00.000003+00', '2026-03-04 12:00:00.000003+00', 'holder ''3'' ü 100%', 3);
INSERT INTO public.verdicts VALUES ('verdict_id ''1'' ü 100%', 'model ''1'' ü 100%', 1, 1, 'status ''1'' ü 100%', '2026-03-02 12:00:00.000001+00', '{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 1}');
INSERT INTO public.verdicts VALUES ('verdict_id ''2'' ü 100%', 'model ''2'' ü 100%', 2, 2, 'status ''2'' ü 100%', '2026-03-03 12:00:00.000002+00', '{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 2}');
INSERT INTO public.verdicts VALUES ('verdict_id ''3'' ü 100%', 'model ''3'' ü 100%', 3, 3, 'status ''3'' ü 100%', '2026-03-04 12:00:00.000003+00', '{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 3}');
INSERT INTO public.versions VALUES ('model ''1'' ü 100%', 1, 'artifact_sha256 ''1'' ü 100%', 1, 'run_id ''1'' ü 100%', '2026-03-02 12:00:00.000001+00', 1, 'training_rows_sha256 ''1'' ü 100%', 'decision_id ''1'' ü 100%');
INSERT INTO public.versions VALUES ('model ''2'' ü 100%', 2, 'artifact_sha256 ''2'' ü 100%', 2, 'run_id ''2'' ü 100%', '2026-03-03 12:00:00.000002+00', 2, 'training_rows_sha256 ''2'' ü 100%', 'decision_id ''2'' ü 100%');
INSERT INTO public.versions VALUES ('model ''3'' ü 100%', 3, 'artifact_sha256 ''3'' ü 100%', 3, 'run_id ''3'' ü 100%', '2026-03-04 12:00:00.000003+00', 3, 'training_rows_sha256 ''3'' ü 100%', 'decision_id ''3'' ü 100%');
SELECT pg_catalog.setval('public.alert_outbox_seq_seq', 1, false);
SELECT pg_catalog.setval('public.data_events_seq_seq', 1, false);
SELECT pg_catalog.setval('public.ledger_seq_seq', 1, false);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.alert_buttons
    ADD CONSTRAINT alert_buttons_pkey PRIMARY KEY (button_id);
ALTER TABLE ONLY public.alert_cursors
    ADD CONSTRAINT alert_cursors_pkey PRIMARY KEY (source);
ALTER TABLE ONLY public.alert_incidents
    ADD CONSTRAINT alert_incidents_pkey PRIMARY KEY (incident_id);
ALTER TABLE ONLY public.alert_outbox
    ADD CONSTRAINT alert_outbox_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY public.alert_received
    ADD CONSTRAINT alert_received_pkey PRIMARY KEY (request_key);
ALTER TABLE ONLY public.approvals
    ADD CONSTRAINT approvals_pkey PRIMARY KEY (approval_id);
ALTER TABLE ONLY public.baselines
    ADD CONSTRAINT baselines_pkey PRIMARY KEY (model, seq);
ALTER TABLE ONLY public.data_events
    ADD CONSTRAINT data_events_event_key_key UNIQUE (event_key);
ALTER TABLE ONLY public.data_events
    ADD CONSTRAINT data_events_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_active_model_key UNIQUE (active_model);
ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_pkey PRIMARY KEY (job_id);
ALTER TABLE ONLY public.label_approvals
    ADD CONSTRAINT label_approvals_pkey PRIMARY KEY (model, source);
ALTER TABLE ONLY public.leases
    ADD CONSTRAINT leases_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.ledger
    ADD CONSTRAINT ledger_entry_id_key UNIQUE (entry_id);
ALTER TABLE ONLY public.ledger
    ADD CONSTRAINT ledger_idempotency_key_key UNIQUE (idempotency_key);
ALTER TABLE ONLY public.ledger
    ADD CONSTRAINT ledger_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY public.ledger
    ADD CONSTRAINT ledger_previous_hash_key UNIQUE (previous_hash);
ALTER TABLE ONLY public.lineage
    ADD CONSTRAINT lineage_pkey PRIMARY KEY (model, version);
ALTER TABLE ONLY public.approvals
    ADD CONSTRAINT one_approval_per_action UNIQUE (decision_id, action);
ALTER TABLE ONLY public.alert_outbox
    ADD CONSTRAINT one_notice_per_channel UNIQUE (channel, notice_key);
ALTER TABLE ONLY public.pins
    ADD CONSTRAINT pins_pkey PRIMARY KEY (model, seq);
ALTER TABLE ONLY public.promotions
    ADD CONSTRAINT promotions_pkey PRIMARY KEY (model, generation);
ALTER TABLE ONLY public.rollout_events
    ADD CONSTRAINT rollout_events_pkey PRIMARY KEY (model, seq);
ALTER TABLE ONLY public.schedule_claims
    ADD CONSTRAINT schedule_claims_pkey PRIMARY KEY (model, kind);
ALTER TABLE ONLY public.verdicts
    ADD CONSTRAINT verdicts_pkey PRIMARY KEY (verdict_id);
ALTER TABLE ONLY public.versions
    ADD CONSTRAINT versions_pkey PRIMARY KEY (model, version);
CREATE INDEX alert_incidents_by_model ON public.alert_incidents USING btree (model, kind, opened_at);
CREATE INDEX alert_outbox_by_state ON public.alert_outbox USING btree (state, channel, seq);
CREATE INDEX alert_outbox_by_thread ON public.alert_outbox USING btree (channel, thread, seq);
CREATE INDEX approvals_by_state ON public.approvals USING btree (state, model);
CREATE INDEX data_events_by_state ON public.data_events USING btree (state, model, seq);
CREATE INDEX jobs_by_decision ON public.jobs USING btree (decision_id, started_at);
CREATE INDEX jobs_by_model ON public.jobs USING btree (model, started_at);
CREATE INDEX ledger_by_decision ON public.ledger USING btree (decision_id, seq);
CREATE INDEX ledger_by_model ON public.ledger USING btree (model, kind, seq);
CREATE INDEX verdicts_by_version ON public.verdicts USING btree (model, version);
