-- The service cases that day %(day)s counts: applied for, closed or rated on it, with what their clocks say.
-- `used` and `limit` are the clocks' own figures (CLOCKS.md 20); nothing here counts days. Exact spans become days.
INSERT INTO night_cases_staged
WITH
    toDate(%(day)s) AS the_day,
    touched AS
    (
        SELECT DISTINCT subject FROM event_versions
        WHERE day = the_day AND stream = 'service' AND type IN ('case.applied', 'case.closed', 'review.submitted')
    ),
    clocks AS
    (
        SELECT
            subject,
            argMaxIf((limit_days, used_days, state), place, rule = %(promise)s AND limit_days IS NOT NULL) AS promise,
            argMaxIf((limit_days, used_days), place, rule = %(legal)s AND limit_days IS NOT NULL)          AS legal,
            countIf(rule IN (%(promise)s, %(legal)s) AND state = 'open')                                   AS open
        FROM
        (
            SELECT
                subject, rule, state,
                (start_at, clock_id)                                                       AS place,
                if(unit IN ('workdays', 'days'), 1., 86400000000.)                         AS size,
                `limit` / size                                                             AS limit_days,
                toNullable(used / size)                                                    AS used_days
            FROM case_clock FINAL
            WHERE stream = 'service' AND rule IN (%(promise)s, %(legal)s) AND state != 'void' AND subject IN touched
        )
        GROUP BY subject
    )
SELECT
    the_day, %(run_id)s, cases.case_id,
    nullIf(cases.item, ''), nullIf(cases.region, ''), nullIf(cases.organ, ''), nullIf(cases.department, ''),
    -- Some sources send the codes of GB/T 39046, others their words.
    nullIf(transform(cases.project_type, ['1', '2', '9'], ['instant', 'promise', 'other'], cases.project_type), ''),
    nullIf(transform(cases.channel, ['1', '2', '3', '4', '5', '9'],
                     ['window', 'web', 'mobile', 'courier', 'kiosk', 'other'], cases.channel), ''),
    nullIf(cases.bundle_id, ''),
    nullIf(cases.applicant_region, ''), nullIf(cases.finish_code, ''), cases.visits,
    cases.applied_at, cases.accepted_at, cases.refused_at, cases.decided_at, cases.closed_at, cases.rated_at,
    ifNull(toDate(cases.applied_at, %(zone)s) = the_day, 0)                                AS applied_today,
    ifNull(toDate(cases.closed_at, %(zone)s) = the_day, 0)                                 AS closed_today,
    ifNull(toDate(cases.rated_at, %(zone)s) = the_day, 0) AND NOT cases.is_default         AS rated_today,
    closed_today AND NOT cases.withdrawn AND NOT has(%(not_finished)s, cases.finish_code)  AS fin,
    cases.withdrawn, cases.automatic, cases.actors, cases.electronic, cases.courier,
    cases.materials_required, cases.materials_shared, cases.satisfaction,
    clocks.promise.1, clocks.promise.2, clocks.promise.3 = 'contested', clocks.legal.1, clocks.legal.2,
    closed_today AND clocks.open > 0
FROM (SELECT * FROM case_current WHERE case_id IN touched AND NOT deleted) AS cases
LEFT JOIN clocks ON clocks.subject = cases.case_id
WHERE applied_today OR closed_today OR rated_today
SETTINGS join_use_nulls = 1
