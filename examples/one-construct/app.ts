import { App } from 'aws-cdk-lib';
import { InvoiceStack } from './invoice-stack';

new InvoiceStack(new App(), 'invoices');
