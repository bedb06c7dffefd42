package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log"
	"math/big"
	"net"
	"time"
)

// period is when a certificate is valid, relative to now.
type period struct{ from, to time.Duration }

const day = 24 * time.Hour

var (
	valid   = period{-time.Hour, day}
	expired = period{-2 * day, -day}
	future  = period{day, 2 * day}
)

type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  string
}

type pki struct{ ca, other *authority }

// newPki makes two authorities and the clients' certificates, and publishes their texts.
func newPki(texts map[string]string) *pki {
	p := &pki{newAuthority("kai test CA"), newAuthority("another CA")}
	texts["ca"] = p.ca.pem
	texts["other-ca"] = p.other.pem
	publish := func(name string, from *authority, when period) {
		texts[name], texts[name+"-key"] = from.issue(&x509.Certificate{
			Subject:     pkix.Name{CommonName: name},
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		}, when)
	}
	publish("client", p.ca, valid)
	publish("expired-client", p.ca, expired)
	publish("foreign-client", p.other, valid)
	return p
}

func newAuthority(name string) *authority {
	key := newKey()
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             time.Now().Add(-10 * day),
		NotAfter:              time.Now().Add(10 * day),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		log.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		log.Fatal(err)
	}
	return &authority{cert, key, encode("CERTIFICATE", der)}
}

// server issues a certificate for names, which may be addresses.
func (a *authority) server(when period, names ...string) tls.Certificate {
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: names[0]},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	cert, key := a.issue(template, when)
	pair, err := tls.X509KeyPair([]byte(cert), []byte(key))
	if err != nil {
		log.Fatal(err)
	}
	return pair
}

func (a *authority) issue(template *x509.Certificate, when period) (cert, key string) {
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		log.Fatal(err)
	}
	template.SerialNumber = serial
	template.NotBefore = time.Now().Add(when.from)
	template.NotAfter = time.Now().Add(when.to)
	template.KeyUsage = x509.KeyUsageDigitalSignature
	private := newKey()
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, private.Public(), a.key)
	if err != nil {
		log.Fatal(err)
	}
	keyDer, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		log.Fatal(err)
	}
	return encode("CERTIFICATE", der), encode("PRIVATE KEY", keyDer)
}

func newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	return key
}

func encode(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}
