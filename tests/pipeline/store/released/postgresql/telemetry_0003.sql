SELECT pg_catalog.set_config('search_path', '', false);
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.labels (
    seq bigint NOT NULL,
    prediction_id character varying(40) NOT NULL,
    label smallint NOT NULL,
    source character varying(80) NOT NULL,
    at timestamp with time zone NOT NULL,
    model character varying(80)
);
CREATE SEQUENCE public.labels_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.labels_seq_seq OWNED BY public.labels.seq;
CREATE TABLE public.predictions (
    seq bigint NOT NULL,
    prediction_id character varying(40) NOT NULL,
    model character varying(80) NOT NULL,
    version integer NOT NULL,
    slot character varying(20) NOT NULL,
    at timestamp with time zone NOT NULL,
    input text NOT NULL,
    prediction smallint NOT NULL,
    score double precision NOT NULL
);
CREATE SEQUENCE public.predictions_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.predictions_seq_seq OWNED BY public.predictions.seq;
CREATE TABLE public.reports (
    seq bigint NOT NULL,
    model character varying(80) NOT NULL,
    generation integer NOT NULL,
    scheduled smallint NOT NULL,
    from_seq bigint NOT NULL,
    to_seq bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    body json NOT NULL
);
CREATE SEQUENCE public.reports_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.reports_seq_seq OWNED BY public.reports.seq;
ALTER TABLE ONLY public.labels ALTER COLUMN seq SET DEFAULT nextval('public.labels_seq_seq'::regclass);
ALTER TABLE ONLY public.predictions ALTER COLUMN seq SET DEFAULT nextval('public.predictions_seq_seq'::regclass);
ALTER TABLE ONLY public.reports ALTER COLUMN seq SET DEFAULT nextval('public.reports_seq_seq'::regclass);
INSERT INTO public.alembic_version VALUES ('telemetry_0003');
INSERT INTO public.labels VALUES (1, 'prediction_id ''1'' ü 100%', 1, 'source ''1'' ü 100%', '2026-03-02 12:00:00.000001+00', 'model ''1'' ü 100%');
INSERT INTO public.labels VALUES (2, 'prediction_id ''2'' ü 100%', 2, 'source ''2'' ü 100%', '2026-03-03 12:00:00.000002+00', 'model ''2'' ü 100%');
INSERT INTO public.labels VALUES (3, 'prediction_id ''3'' ü 100%', 3, 'source ''3'' ü 100%', '2026-03-04 12:00:00.000003+00', 'model ''3'' ü 100%');
INSERT INTO public.predictions VALUES (1, 'prediction_id ''1'' ü 100%', 'model ''1'' ü 100%', 1, 'slot ''1'' ü 100%', '2026-03-02 12:00:00.000001+00', 'input ''1'' ü 100%', 1, 0.3333333333333333);
INSERT INTO public.predictions VALUES (2, 'prediction_id ''2'' ü 100%', 'model ''2'' ü 100%', 2, 'slot ''2'' ü 100%', '2026-03-03 12:00:00.000002+00', 'input ''2'' ü 100%', 2, 0.6666666666666666);
INSERT INTO public.predictions VALUES (3, 'prediction_id ''3'' ü 100%', 'model ''3'' ü 100%', 3, 'slot ''3'' ü 100%', '2026-03-04 12:00:00.000003+00', 'input ''3'' ü 100%', 3, 1);
INSERT INTO public.reports VALUES (1, 'model ''1'' ü 100%', 1, 1, 1, 1, '2026-03-02 12:00:00.000001+00', '{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 1}');
INSERT INTO public.reports VALUES (2, 'model ''2'' ü 100%', 2, 2, 2, 2, '2026-03-03 12:00:00.000002+00', '{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 2}');
INSERT INTO public.reports VALUES (3, 'model ''3'' ü 100%', 3, 3, 3, 3, '2026-03-04 12:00:00.000003+00', '{"text": "\u00fcn\u00efcode ''quoted'' 100%", "place": 3}');
SELECT pg_catalog.setval('public.labels_seq_seq', 1, false);
SELECT pg_catalog.setval('public.predictions_seq_seq', 1, false);
SELECT pg_catalog.setval('public.reports_seq_seq', 1, false);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.labels
    ADD CONSTRAINT labels_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY public.predictions
    ADD CONSTRAINT predictions_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY public.predictions
    ADD CONSTRAINT predictions_prediction_id_key UNIQUE (prediction_id);
ALTER TABLE ONLY public.reports
    ADD CONSTRAINT reports_pkey PRIMARY KEY (seq);
CREATE INDEX labels_by_model ON public.labels USING btree (model, seq);
CREATE INDEX labels_by_model_time ON public.labels USING btree (model, at, seq);
CREATE INDEX labels_by_prediction ON public.labels USING btree (prediction_id, seq);
CREATE INDEX labels_by_time ON public.labels USING btree (at, seq);
CREATE INDEX predictions_by_model ON public.predictions USING btree (model, seq);
CREATE INDEX predictions_by_version ON public.predictions USING btree (model, version, seq);
CREATE INDEX reports_by_end ON public.reports USING btree (model, scheduled, to_seq);
CREATE INDEX reports_by_model ON public.reports USING btree (model, seq);
