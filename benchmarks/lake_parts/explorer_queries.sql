-- The fifteen questions of Explorer and investigations, in DuckDB's SQL. {E} mails, {U} URLs, {C} clicks; {nmid} {rid} {rcpt}
-- {udom} are drawn from the data, {d0} {d1} are the day of the mail drawn. A name's end says how far back it looks.

-- Q1_hist30d
SELECT date_trunc('hour', Timestamp) AS h, DeliveryAction, count(*) AS n FROM {E} WHERE Timestamp >= TIMESTAMP '2026-10-23 00:00:00' AND Timestamp < TIMESTAMP '2026-11-22 00:00:00' AND ThreatTypes LIKE '%Phish%' GROUP BY 1,2 ORDER BY 1,2;

-- Q1_hist2d
SELECT date_trunc('hour', Timestamp) AS h, DeliveryAction, count(*) AS n FROM {E} WHERE Timestamp >= TIMESTAMP '2026-11-20 00:00:00' AND Timestamp < TIMESTAMP '2026-11-22 00:00:00' AND ThreatTypes LIKE '%Phish%' GROUP BY 1,2 ORDER BY 1,2;

-- Q2_topdom7d
SELECT SenderFromDomain, count(*) AS n FROM {E} WHERE Timestamp >= TIMESTAMP '2026-11-15 00:00:00' AND Timestamp < TIMESTAMP '2026-11-22 00:00:00' AND ThreatTypes LIKE '%Phish%' AND DeliveryAction='Delivered' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10;

-- Q2_topip7d
SELECT SenderIPv4, count(*) AS n FROM {E} WHERE Timestamp >= TIMESTAMP '2026-11-15 00:00:00' AND Timestamp < TIMESTAMP '2026-11-22 00:00:00' AND ThreatTypes LIKE '%Phish%' AND DeliveryAction='Delivered' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10;

-- Q2_topfam7d
SELECT ThreatNames, count(*) AS n FROM {E} WHERE Timestamp >= TIMESTAMP '2026-11-15 00:00:00' AND Timestamp < TIMESTAMP '2026-11-22 00:00:00' AND ThreatNames <> '' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10;

-- Q2_toprcpt30d
SELECT RecipientEmailAddress, count(*) AS n, count(DISTINCT SenderFromDomain) AS d FROM {E} WHERE Timestamp >= TIMESTAMP '2026-10-23 00:00:00' AND Timestamp < TIMESTAMP '2026-11-22 00:00:00' AND ThreatTypes <> '' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10;

-- Q3_newest100
SELECT Timestamp,NetworkMessageId,SenderFromAddress,SenderFromDomain,SenderIPv4,RecipientEmailAddress,Subject,EmailDirection,DeliveryAction,DeliveryLocation,LatestDeliveryAction,LatestDeliveryLocation,ThreatTypes,ThreatNames,DetectionMethods,UrlCount,AttachmentCount,EmailClusterId,EmailSize,ReportId FROM {E} WHERE Timestamp >= TIMESTAMP '2026-10-23 00:00:00' AND Timestamp < TIMESTAMP '2026-11-22 00:00:00' AND Subject ILIKE '%invoice%' AND DeliveryAction='Junked' ORDER BY Timestamp DESC LIMIT 100;

-- Q3_rare30d
SELECT Timestamp,NetworkMessageId,SenderFromAddress,SenderFromDomain,SenderIPv4,RecipientEmailAddress,Subject,EmailDirection,DeliveryAction,DeliveryLocation,LatestDeliveryAction,LatestDeliveryLocation,ThreatTypes,ThreatNames,DetectionMethods,UrlCount,AttachmentCount,EmailClusterId,EmailSize,ReportId FROM {E} WHERE Timestamp >= TIMESTAMP '2026-10-23 00:00:00' AND Timestamp < TIMESTAMP '2026-11-22 00:00:00' AND Subject ILIKE '%#abcde%' ORDER BY Timestamp DESC LIMIT 100;

-- Q4_nmid
SELECT Timestamp,NetworkMessageId,SenderFromAddress,SenderFromDomain,SenderIPv4,RecipientEmailAddress,Subject,EmailDirection,DeliveryAction,DeliveryLocation,LatestDeliveryAction,LatestDeliveryLocation,ThreatTypes,ThreatNames,DetectionMethods,UrlCount,AttachmentCount,EmailClusterId,EmailSize,ReportId FROM {E} WHERE NetworkMessageId='{nmid}';

-- Q4_nmid_day
SELECT Timestamp,NetworkMessageId,SenderFromAddress,SenderFromDomain,SenderIPv4,RecipientEmailAddress,Subject,EmailDirection,DeliveryAction,DeliveryLocation,LatestDeliveryAction,LatestDeliveryLocation,ThreatTypes,ThreatNames,DetectionMethods,UrlCount,AttachmentCount,EmailClusterId,EmailSize,ReportId FROM {E} WHERE NetworkMessageId='{nmid}' AND Timestamp >= TIMESTAMP '{d0}' AND Timestamp < TIMESTAMP '{d1}';

-- Q4_uuid7
SELECT Timestamp,NetworkMessageId,SenderFromAddress,SenderFromDomain,SenderIPv4,RecipientEmailAddress,Subject,EmailDirection,DeliveryAction,DeliveryLocation,LatestDeliveryAction,LatestDeliveryLocation,ThreatTypes,ThreatNames,DetectionMethods,UrlCount,AttachmentCount,EmailClusterId,EmailSize,ReportId FROM {E} WHERE ReportId='{rid}';

-- Q5_rcpt30d
SELECT Timestamp,NetworkMessageId,SenderFromAddress,SenderFromDomain,SenderIPv4,RecipientEmailAddress,Subject,EmailDirection,DeliveryAction,DeliveryLocation,LatestDeliveryAction,LatestDeliveryLocation,ThreatTypes,ThreatNames,DetectionMethods,UrlCount,AttachmentCount,EmailClusterId,EmailSize,ReportId FROM {E} WHERE Timestamp >= TIMESTAMP '2026-10-23 00:00:00' AND Timestamp < TIMESTAMP '2026-11-22 00:00:00' AND RecipientEmailAddress='{rcpt}' ORDER BY Timestamp DESC LIMIT 1000;

-- Q6_urljoin30d
SELECT e.RecipientEmailAddress, e.DeliveryAction, count(*) AS n, count(DISTINCT e.NetworkMessageId) AS m FROM {U} AS u JOIN {E} AS e ON e.NetworkMessageId=u.NetworkMessageId WHERE u.Timestamp >= TIMESTAMP '2026-10-23 00:00:00' AND u.Timestamp < TIMESTAMP '2026-11-22 00:00:00' AND e.Timestamp >= TIMESTAMP '2026-10-23 00:00:00' AND e.Timestamp < TIMESTAMP '2026-11-22 00:00:00' AND u.UrlDomain='{udom}' GROUP BY 1,2 ORDER BY 3 DESC, 1, 2 LIMIT 20;

-- Q7_cluster7d
SELECT e.EmailClusterId, count(*) AS n, count(DISTINCT e.RecipientEmailAddress) AS rcpts, count(DISTINCT c.AccountUpn) AS clickers FROM {E} AS e LEFT JOIN (SELECT NetworkMessageId, AccountUpn FROM {C} WHERE ActionType='ClickAllowed' AND Timestamp >= TIMESTAMP '2026-11-15 00:00:00') AS c ON c.NetworkMessageId=e.NetworkMessageId WHERE e.Timestamp >= TIMESTAMP '2026-11-15 00:00:00' AND e.Timestamp < TIMESTAMP '2026-11-22 00:00:00' AND e.ThreatTypes LIKE '%Phish%' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20;

-- Q8_words30d
SELECT count(*) AS n, max(Timestamp) AS t, count(DISTINCT RecipientEmailAddress) AS r FROM {E} WHERE Timestamp >= TIMESTAMP '2026-10-23 00:00:00' AND Timestamp < TIMESTAMP '2026-11-22 00:00:00' AND Subject ILIKE '%invoice%' AND Subject ILIKE '%overdue%';
