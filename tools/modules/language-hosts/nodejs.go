package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	gen "github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

type nodejs struct{}

func (nodejs) Command(ctx context.Context, engine string, req *pulumirpc.RunRequest) (*exec.Cmd, error) {
	runner := filepath.Join(req.Info.RootDirectory, "node_modules", "@pulumi", "pulumi", "cmd", "run")
	if _, err := os.Stat(runner); err != nil {
		return nil, fmt.Errorf("%s is missing: run `pulumi install`", runner)
	}
	flags := arguments(engine, req, "root-directory")
	if req.DryRun {
		flags = append(flags, "--dry-run")
	}
	command := exec.CommandContext(ctx, "node", append(append([]string{runner}, flags...), req.Info.EntryPoint)...)
	command.Dir = req.Pwd
	// As the official host sets it: the SDK runs TypeScript unless this is false.
	command.Env = append(os.Environ(), "PULUMI_NODEJS_TYPESCRIPT=true")
	return command, nil
}

func (nodejs) Plugin(context.Context, *pulumirpc.RunPluginRequest) (*exec.Cmd, error) {
	return nil, errors.New("this host runs no plugins in Node.js")
}

func (nodejs) Install(
	ctx context.Context, req *pulumirpc.InstallDependenciesRequest, stdout, stderr io.Writer,
) error {
	return run(ctx, req.Info.ProgramDirectory, stdout, stderr, "npm", "install", "--no-audit", "--no-fund")
}

func (nodejs) Generate(pkg *schema.Package, dependencies map[string]string, local bool, loader schema.ReferenceLoader,
) (map[string][]byte, error) {
	return gen.GeneratePackage("pulumi-language-nodejs", pkg, nil, dependencies, local, loader)
}

func (nodejs) Link(ctx context.Context, info *pulumirpc.ProgramInfo, _, sdk string) (string, error) {
	manifest, err := os.ReadFile(filepath.Join(info.ProgramDirectory, sdk, "package.json"))
	if err != nil {
		return "", err
	}
	var generated struct{ Name string }
	if err := json.Unmarshal(manifest, &generated); err != nil {
		return "", err
	}
	dependency := fmt.Sprintf("dependencies[%s]=file:%s", generated.Name, filepath.ToSlash(sdk))
	_, err = output(ctx, info.ProgramDirectory, "npm", "pkg", "set", dependency)
	return generated.Name, err
}
