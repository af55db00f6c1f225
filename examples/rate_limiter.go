package limiter

import (
	"sync"
	"time"
)

type bucket struct {
	tokens float64
	last   time.Time
}

type Limiter struct {
	mutex   sync.Mutex
	rate    float64
	burst   float64
	buckets map[string]*bucket
}

func New(rate, burst float64) *Limiter {
	return &Limiter{rate: rate, burst: burst, buckets: map[string]*bucket{}}
}

func (l *Limiter) Allow(key string, now time.Time) bool {
	b, known := l.buckets[key]
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if !known {
		b = &bucket{tokens: l.burst, last: now}
		l.buckets[key] = b
	}
	b.tokens = min(l.burst, b.tokens+now.Sub(b.last).Seconds()*l.rate)
	b.last = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
