-- Every version of one part of the subjects as the CloudEvent that it was, day by day: what a backtest judges. What is
-- left out means the same as what stands before it: not recorded or received at another time. The order is that of the
-- sort key and, within a day, of what happened; a version that came late stands where it belongs.
SELECT
    toUInt16(day),
    concat(
        '{"type":"', type, '","specversion":"1.0","id":', toJSONString(id), ',"source":', toJSONString(source),
        ',"subject":', toJSONString(subject),
        if(
            toUnixTimestamp64Micro(occurred_at) = 0,
            '',
            concat(',"time":"', formatDateTime(occurred_at, '%%Y-%%m-%%dT%%H:%%i:%%S.%%fZ'), '"')
        ),
        if(
            recorded_at = occurred_at,
            '',
            concat(',"recordedat":"', formatDateTime(recorded_at, '%%Y-%%m-%%dT%%H:%%i:%%S.%%fZ'), '"')
        ),
        if(
            received_at = recorded_at,
            '',
            concat(',"receivedat":"', formatDateTime(received_at, '%%Y-%%m-%%dT%%H:%%i:%%S.%%fZ'), '"')
        ),
        ',"operation":"', toString(operation),
        '"', if(data = '', '', concat(',"precision":"', toString(precision), '","data":', data)), '}'
    )
FROM event_versions FINAL
WHERE cityHash64(subject) %% %(parts)s = %(part)s
    AND toUnixTimestamp64Micro(occurred_at) <= %(last)s
    AND toUnixTimestamp64Micro(received_at) <= %(known_at)s
ORDER BY day, occurred_at
