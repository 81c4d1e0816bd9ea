package influxdb

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/sinks/spool"
)

const (
	defaultName    = "influxdb"
	defaultTimeout = configs.Duration(10 * time.Second)
)

// Config of one InfluxDB: 1.8 and later 1.x, 2.x or 3.
type Config struct {
	// Name tells destinations apart in logs and metrics, and names the folder of its spool.
	Name string `yaml:"name"`
	// URL of the server, as http://127.0.0.1:8086.
	URL string `yaml:"url"`
	// Version of the server: "1" for 1.x before 1.8, "1.8", "2" or "3". Empty: it is asked.
	Version string `yaml:"version"`
	// Org of InfluxDB 2.x.
	Org string `yaml:"org"`
	// Bucket of 2.x, or database of 3. 1.x has Database instead.
	Bucket string `yaml:"bucket"`

	// Token that may write to the bucket (2.x, 3), or the file that holds it. The file is read again
	// when the server refuses the token.
	Token     configs.Secret `yaml:"token"`
	TokenFile configs.File   `yaml:"token_file" config:"secret"`

	// Database and RetentionPolicy (its default one if empty) of InfluxDB 1.8 and later 1.x.
	Database        string `yaml:"database"`
	RetentionPolicy string `yaml:"retention_policy"`
	// Username and Password, or the file that holds it, where 1.x asks for them.
	Username     string         `yaml:"username"`
	Password     configs.Secret `yaml:"password"`
	PasswordFile configs.File   `yaml:"password_file" config:"secret"`

	// Timeout of one request, from connecting to the end of the answer.
	Timeout configs.Duration `yaml:"timeout"`
	// Spool bounds what is kept on the disk until the server has it.
	Spool spool.Config `yaml:"spool"`
	// Tables that go to this destination; none: all. NotTables are left out.
	Tables    []string `yaml:"tables"`
	NotTables []string `yaml:"not_tables"`
	// Tags that a device must have for its rows to go to this destination: one of the values of each key.
	// A device with one of NotTags is left out. "device" is its name.
	Tags    map[string][]string `yaml:"tags"`
	NotTags map[string][]string `yaml:"not_tags"`

	// Setup creates the database (1.x, with its retention policy) or the bucket (2.x) if the server says that
	// there is none. What exists is left as it is.
	Setup bool `yaml:"setup"`
	// Retention of what Setup creates. 0: for ever.
	Retention configs.Duration `yaml:"retention"`

	TLS TLS `yaml:"tls"`
	// Headers are sent along: what a proxy or a gateway in front of the server asks for.
	Headers map[string]configs.Secret `yaml:"headers"`
	// Proxy on the way to the server; it may hold a login. Empty: as HTTPS_PROXY, HTTP_PROXY and NO_PROXY of
	// the environment say. "none": no proxy.
	Proxy configs.Secret `yaml:"proxy"`
}

// DefaultConfig has a timeout of 10 s and a spool of 4 GiB.
func DefaultConfig() Config {
	return Config{Name: defaultName, Timeout: defaultTimeout, Spool: spool.DefaultConfig()}
}

// SetDefaults fills in DefaultConfig before a config file is read.
func (c *Config) SetDefaults() { *c = DefaultConfig() }

// Validate reports what cannot work.
func (c *Config) Validate(r *configs.Report) {
	if !validName(c.Name) {
		r.At("name").Errorf("use up to 64 letters, digits, . _ and -, and begin with a letter or digit", "%q cannot name a destination", c.Name)
	}
	c.validateURL(r.At("url"))
	c.validateTarget(r)
	c.validateLogin(r)
	if !slices.Contains([]string{"", versionClassic, "1.8", "2", "3"}, c.Version) {
		r.At("version").Errorf(`"1" (before 1.8), "1.8", "2" or "3"; leave it out to have the server asked`, "there is no version %q here", c.Version)
	}
	if c.Timeout < 0 || (c.Timeout > 0 && c.Timeout.Std() < 100*time.Millisecond) {
		r.At("timeout").Errorf("10s is the default", "%s is too short", c.Timeout)
	}
	if c.Spool != (spool.Config{}) {
		c.Spool.Validate(r.At("spool"))
	}
	switch {
	case c.Retention != 0 && !c.Setup:
		r.At("retention").Errorf("add setup: true, or remove it", "it is for what setup creates")
	case c.Retention < 0 || c.Retention != 0 && c.Retention.Std() < time.Hour:
		r.At("retention").Errorf("at least 1h; leave it out to keep everything", "%s is too short", c.Retention)
	}
	scheme, _, _ := strings.Cut(c.URL, ":")
	c.TLS.validate(r.At("tls"), scheme)
	validateHeaders(c.Headers, r.At("headers"))
	validateProxy(c.Proxy, r.At("proxy"))
	validateTags(c.Tags, r.At("tags"))
	validateTags(c.NotTags, r.At("not_tags"))
}

// validName keeps names fit for metrics, and for a folder.
func validName(name string) bool {
	for i, c := range []byte(name) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && (i == 0 || c != '.' && c != '_' && c != '-') {
			return false
		}
	}
	return name != "" && len(name) <= 64
}

func (c *Config) validateURL(r *configs.Report) {
	const hint = "write it as http://127.0.0.1:8086"
	u, err := url.Parse(c.URL)
	switch {
	case c.URL == "":
		r.Errorf(hint, "url is missing")
	case err != nil:
		r.Errorf(hint, "not a URL") // the error would quote it, and it may hold a password
	case u.Scheme != "http" && u.Scheme != "https":
		r.Errorf(hint, "the scheme must be http or https")
	case u.Host == "":
		r.Errorf(hint, "the host is missing")
	case u.User != nil:
		r.Errorf("use token_file, or username and password_file", "no user or password in the url: it would be seen in logs")
	case u.RawQuery != "" || u.Fragment != "":
		r.Errorf(hint+"; org, bucket and database have keys of their own", "the url must end after its path")
	case strings.Contains(u.Path, "/api/v2"), strings.HasSuffix(strings.TrimSuffix(u.Path, "/"), "/write"):
		r.Errorf(hint, "give the server's address only; the path of its API is added")
	}
}

func (c *Config) validateTarget(r *configs.Report) {
	switch {
	case c.Bucket == "" && c.Database == "":
		r.At("bucket").Errorf("give a bucket (InfluxDB 2.x, 3) or a database (1.8 and later 1.x)", "bucket is missing")
	case c.Bucket != "" && c.Database != "":
		r.At("database").Errorf("keep bucket for InfluxDB 2.x and 3, database for 1.x", "both bucket and database are given")
	case c.RetentionPolicy != "" && c.Database == "":
		r.At("retention_policy").Errorf("a bucket has its retention in it", "retention_policy needs a database")
	}
	if strings.Contains(c.Database, "/") {
		r.At("database").Errorf("put the part after the slash into retention_policy", "a database's name has no slash here")
	}
}

func (c *Config) validateLogin(r *configs.Report) {
	token := !c.Token.IsZero() || c.TokenFile != ""
	password := !c.Password.IsZero() || c.PasswordFile != ""
	switch {
	case !c.Token.IsZero() && c.TokenFile != "":
		r.At("token_file").Errorf("keep token_file", "both token and token_file are given")
	case !c.Password.IsZero() && c.PasswordFile != "":
		r.At("password_file").Errorf("keep password_file", "both password and password_file are given")
	case token && (c.Username != "" || password):
		r.At("username").Errorf("a token for InfluxDB 2.x and 3, username and password for 1.x", "both a token and a username or password are given")
	case c.Username == "" && password:
		r.At("username").Errorf("add the user's name", "a password needs a username")
	case c.Username != "" && !password:
		r.At("password_file").Errorf("name a file that holds the password", "the password of %q is missing", c.Username)
	}
}

func (c Config) withDefaults() Config {
	d := DefaultConfig()
	if c.Name == "" {
		c.Name = d.Name
	}
	if c.Timeout == 0 {
		c.Timeout = d.Timeout
	}
	if c.Spool == (spool.Config{}) {
		c.Spool = d.Spool
	}
	return c
}

// target is the bucket parameter: 1.x takes "database/policy" there.
func (c Config) target() string {
	if c.Database != "" {
		return c.Database + "/" + c.RetentionPolicy
	}
	return c.Bucket
}

// authorization is the value of the header, read anew from its file. Empty: the server asks for none.
func (c Config) authorization() (string, error) {
	token, err := secret(c.Token, c.TokenFile)
	if err != nil {
		return "", err
	}
	if c.Username != "" {
		password, err := secret(c.Password, c.PasswordFile)
		if err != nil {
			return "", err
		}
		token = c.Username + ":" + password
	}
	if token == "" {
		return "", nil
	}
	return "Token " + token, nil
}

func secret(value configs.Secret, file configs.File) (string, error) {
	if file == "" {
		return value.Reveal(), nil
	}
	read, err := configs.ReadSecretFile(file.String())
	if err != nil {
		return "", err
	}
	return read.Reveal(), nil
}
