-- Number of completed erasures.
SELECT COUNT(*) AS erasures FROM leadwerk.erasures WHERE state = 'completed'
