-- The indicators of DOMAIN §5 that rest on service cases, organ × item × region, for the frozen day %(day)s.
-- An indicator is (name, numerator, denominator); days add up: a month's value is the sum of one over the sum of the other.
INSERT INTO assess_daily_staged (day, region, organ, department, item, kpi, numerator, denominator, value, rests_on, run_id, verdict)
SELECT
    day, region, organ, department, item,
    indicator.1                                                 AS kpi,
    indicator.2                                                 AS numerator,
    indicator.3                                                 AS denominator,
    if(denominator = 0, NULL, numerator / denominator)          AS value,
    transform(kpi, %(kpis)s, %(rests_on)s, '')                  AS rests_on,
    %(run_id)s                                                  AS run_id,
    %(verdict)s                                                 AS verdict
FROM
(
    SELECT
        day, region, organ, department, item,
        sumIf(1., fin)                                          AS finished,
        sumIf(1., applied_today)                                AS applied,
        sumIf(1., rated_today)                                  AS rated,
        [
            ('on_time',             sumIf(1., fin AND on_time),                     finished),
            ('early',               sumIf(1., fin AND early),                       finished),
            ('promise_known',       sumIf(1., fin AND (has_promise OR instant)),    finished),
            -- Of items, not of cases: a busy item weighs no more than a quiet one.
            ('promise_compression', ifNotFinite(avgIf(legal - promise, fin AND has_both), 0.),
                                    ifNotFinite(avgIf(legal, fin AND has_both), 0.)),
            ('speed_up',            sumIf(legal - used, fin AND has_legal),         sumIf(legal, fin AND has_legal)),
            ('one_visit',           sumIf(1., fin AND visits_known <= 1),           finished),
            ('zero_visit',          sumIf(1., fin AND visits_known = 0),            finished),
            ('fully_online',        sumIf(1., fin AND online),                      finished),
            ('mobile',              sumIf(1., applied_today AND mobile),            applied),
            ('same_day',            sumIf(1., fin AND same_day),                    finished),
            ('auto_approved',       sumIf(1., fin AND automatic AND actors = 0),    finished),
            ('material_free',       sumIf(toFloat64(materials_shared), fin),        sumIf(toFloat64(materials_required), fin)),
            ('one_thing',           sumIf(1., fin AND bundled),                     finished),
            ('cross_region',        sumIf(1., fin AND elsewhere),                   finished),
            ('satisfaction',        sumIf(1., rated_today AND good),                rated),
            ('rated',               rated,                                          finished)
        ]                                                       AS indicators
    FROM
    (
        SELECT
            day, fin, applied_today, rated_today, automatic, actors, materials_shared, materials_required,
            ifNull(cases.region, '')                                                        AS region,
            ifNull(cases.organ, '')                                                         AS organ,
            ifNull(cases.department, '')                                                    AS department,
            ifNull(cases.item, '')                                                          AS item,
            promise_limit IS NOT NULL                                                       AS has_promise,
            legal_limit IS NOT NULL                                                         AS has_legal,
            has_promise AND has_legal                                                       AS has_both,
            ifNull(promise_limit, 0.)                                                       AS promise,
            ifNull(legal_limit, 0.)                                                         AS legal,
            ifNull(legal_used, 0.)                                                          AS used,
            ifNull(visits, 1000000)                                                         AS visits_known,
            ifNull(project_type = 'instant', 0)                                             AS instant,
            instant AND ifNull(toDate(decided_at, %(zone)s) = toDate(accepted_at, %(zone)s), 0)  AS same_day,
            ifNull(promise_used <= promise_limit, same_day) AND NOT promise_contested       AS on_time,
            ifNull(promise_used < promise_limit, 0) AND NOT promise_contested               AS early,
            ifNull(channel = 'mobile', 0)                                                   AS mobile,
            ifNull(channel IN ('web', 'mobile'), 0) AND visits_known = 0 AND (electronic OR courier) AS online,
            bundle_id IS NOT NULL                                                           AS bundled,
            ifNull(applicant_region != cases.region, 0)                                     AS elsewhere,
            ifNull(satisfaction BETWEEN 1 AND 3, 0)                                         AS good
        FROM night_cases AS cases
        WHERE day = toDate(%(day)s) AND run_id = %(run_id)s
    )
    GROUP BY day, region, organ, department, item
)
ARRAY JOIN indicators AS indicator
