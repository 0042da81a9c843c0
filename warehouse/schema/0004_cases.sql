-- One row per event as it now stands: per (source, id) the greatest (recorded, operation, content) speaks (RULES §3.7),
-- deletions included, so that a reader can tell a deleted case from one that never was.
CREATE VIEW IF NOT EXISTS event_current AS
SELECT
    stream, subject, source, id,
    tupleElement(last, 1)  AS type,
    tupleElement(last, 2)  AS occurred_at,
    tupleElement(last, 3)  AS precision,
    tupleElement(last, 4)  AS rank,
    tupleElement(last, 5)  AS task_code,
    tupleElement(last, 6)  AS region,
    tupleElement(last, 7)  AS organ,
    tupleElement(last, 8)  AS department,
    tupleElement(last, 9)  AS actor,
    tupleElement(last, 10) AS data,
    tupleElement(last, 11) AS operation,
    tupleElement(last, 12) AS received_at,
    first_recorded_at, last_recorded_at, versions
FROM
(
    SELECT
        stream, subject, source, id,
        argMax(
            (type, occurred_at, precision, rank, task_code, region, organ, department, actor, data, operation, received_at),
            (recorded_at, operation, occurred_at, data, type)
        ) AS last,
        min(recorded_at) AS first_recorded_at,
        max(recorded_at) AS last_recorded_at,
        uniqExact(recorded_at, operation, content) AS versions
    FROM case_timeline
    GROUP BY stream, subject, source, id
);

-- One row per service case as it now stands. Of several events of one type the first one is the act (a second decision
-- decides nothing); what describes the case is the last that was said. A case whose every event is deleted is `deleted`.
CREATE VIEW IF NOT EXISTS case_current AS
SELECT
    subject AS case_id,
    argMaxIf(task_code, place, task_code != '')                             AS item,
    argMaxIf(region, place, region != '')                                   AS region,
    argMaxIf(organ, place, organ != '')                                     AS organ,
    argMaxIf(department, place, department != '')                           AS department,
    argMaxIf(JSONExtractString(data, 'item_version'), place, applied)       AS item_version,
    argMaxIf(JSONExtractString(data, 'project_type'), place, applied)       AS project_type,
    argMaxIf(JSONExtractString(data, 'channel'), place, applied)            AS channel,
    argMaxIf(JSONExtractString(data, 'kind'), place, applied)               AS kind,
    argMaxIf(JSONExtractString(data, 'bundle_id'), place, applied)          AS bundle_id,
    argMaxIf(JSONExtractString(data, 'applicant_region'), place, applied)   AS applicant_region,
    argMaxIf(JSONExtract(data, 'visits', 'Nullable(Int32)'), place,
             stands AND JSONExtract(data, 'visits', 'Nullable(Int32)') IS NOT NULL) AS visits,
    minIf(toNullable(occurred_at), applied)                                 AS applied_at,
    minIf(toNullable(occurred_at), stands AND type = 'case.received')       AS receipt_at,
    minIf(toNullable(occurred_at), stands AND type = 'case.accepted')       AS accepted_at,
    minIf(toNullable(occurred_at), stands AND type = 'case.not_accepted')   AS refused_at,
    minIf(toNullable(occurred_at), decided)                                 AS decided_at,
    argMinIf(JSONExtractString(data, 'result'), place, decided)             AS result,
    argMinIf(JSONExtractBool(data, 'automatic'), place, decided)            AS automatic,
    argMinIf(JSONExtractBool(data, 'publishable'), place, decided)          AS publishable,
    minIf(toNullable(occurred_at), stands AND type = 'case.published')      AS published_at,
    countIf(stands AND type = 'cert.issued' AND JSONExtractBool(data, 'electronic')) > 0 AS electronic,
    minIf(toNullable(occurred_at), delivered)                               AS delivered_at,
    countIf(delivered AND JSONExtractBool(data, 'courier')) > 0             AS courier,
    countIf(stands AND type = 'case.withdrawn') > 0                         AS withdrawn,
    minIf(toNullable(occurred_at), stands AND type = 'case.withdrawn')      AS withdrawn_at,
    minIf(toNullable(occurred_at), closed)                                  AS closed_at,
    argMaxIf(JSONExtractString(data, 'finish_code'), place, closed)         AS finish_code,
    argMaxIf(length(JSONExtractArrayRaw(data, 'materials_required')), place, stands AND type = 'case.received') AS materials_required,
    argMaxIf(length(JSONExtractArrayRaw(data, 'materials_shared')), place, stands AND type = 'case.received')   AS materials_shared,
    groupUniqArrayIf(JSONExtractString(data, 'review_id'), stands AND type = 'review.annulled') AS annulled_reviews,
    arrayLast(review -> NOT has(annulled_reviews, tupleElement(review, 2)), arraySort(groupArrayIf(
        (place, JSONExtractString(data, 'review_id'), JSONExtractInt(data, 'satisfaction'), JSONExtractBool(data, 'is_default')),
        stands AND type = 'review.submitted')))                             AS review,
    nullIf(tupleElement(review, 3), 0)                                      AS satisfaction,
    tupleElement(review, 4)                                                 AS is_default,
    if(tupleElement(review, 3) = 0, NULL, toNullable(tupleElement(tupleElement(review, 1), 1))) AS rated_at,
    uniqExactIf(actor, stands AND actor != '')                              AS actors,
    countIf(stands)                                                         AS events,
    maxIf(toNullable(occurred_at), stands)                                  AS last_at,
    max(last_recorded_at)                                                   AS recorded_at,
    events = 0                                                              AS deleted
FROM
(
    SELECT
        subject, type, task_code, region, organ, department, actor, data, occurred_at, last_recorded_at,
        (occurred_at, rank, source, id)         AS place,
        operation != 'd'                        AS stands,
        stands AND type = 'case.applied'        AS applied,
        stands AND type = 'case.decided'        AS decided,
        stands AND type = 'case.delivered'      AS delivered,
        stands AND type = 'case.closed'         AS closed
    FROM event_current
    WHERE stream = 'service'
)
GROUP BY subject;
