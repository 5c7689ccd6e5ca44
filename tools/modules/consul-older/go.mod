// For releases of Consul that only the tests of upgrades need: the requirements are added before a build.
module consul-on-pulumi/toolchain/consul-older

go 1.25.0

// As in Consul's own go.mod, which counts only there.
exclude (
	github.com/hashicorp/go-msgpack v1.1.5
	github.com/hashicorp/go-msgpack v1.1.6
)
