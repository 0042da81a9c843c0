SELECT kpi, sum(numerator), sum(denominator), if(sum(denominator) = 0, NULL, sum(numerator) / sum(denominator))
FROM assess_daily
WHERE day = %(day)s
GROUP BY kpi
